"""Authentication by the `Authorization` header, and checks of scopes and of the admin role."""

from model_serving.workspace.http.errors import PermissionDenied, Unauthenticated
from model_serving.workspace.identity.tokens import Access, read_token
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Store


def authenticate(store: Store, clock: Clock, authorization: str | None) -> Access:
    """The access of `Bearer <token>`, a personal access token or an OAuth token.

    Raises Unauthenticated, with the service's message, for an absent or unsupported credential.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Credential was not sent or was of an unsupported type for this API.")
    return read_token(store, clock.now(), token.strip())


def require_scope(access: Access, scope: str) -> None:
    """Raises PermissionDenied for a token without the scope, with the service's message from public reports."""
    if not access.has_scope(scope):
        raise PermissionDenied(f"Provided OAuth token does not have required scopes: {scope}")


def require_whole_workspace(access: Access) -> None:
    """Raises PermissionDenied for a token with authorization details, which is valid for the data plane only."""
    if access.details is not None:
        paths = ", ".join(detail["object_path"] for detail in access.details)
        raise PermissionDenied(f"Provided OAuth token is limited by its authorization details to {paths}")


def require_admin(access: Access, action: str) -> None:
    """Raises PermissionDenied for a caller without the admin role."""
    if not access.principal.is_admin:
        raise PermissionDenied(f"Only workspace admins can {action}.")
