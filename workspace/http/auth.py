"""From a request's `Authorization` header to what it may do."""

from model_serving.workspace.http.errors import PermissionDenied, Unauthenticated
from model_serving.workspace.identity.tokens import Access, read_token
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Store


def authenticate(store: Store, clock: Clock, authorization: str | None) -> Access:
    """The access behind `Bearer <token>`; personal access tokens and OAuth tokens use the same header.

    Raises Unauthenticated when there is no usable credential, in the words of the service.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Credential was not sent or was of an unsupported type for this API.")
    return read_token(store, clock.now(), token.strip())


def require_scope(access: Access, scope: str) -> None:
    """A token is good for the APIs of its scopes. The text is the service's own, from public reports."""
    if not access.has_scope(scope):
        raise PermissionDenied(f"Provided OAuth token does not have required scopes: {scope}")


def require_whole_workspace(access: Access) -> None:
    """A token that was narrowed to objects by authorization details opens nothing but those objects' data plane."""
    if access.details is not None:
        paths = ", ".join(detail["object_path"] for detail in access.details)
        raise PermissionDenied(f"Provided OAuth token is limited by its authorization details to {paths}")


def require_admin(access: Access, what: str) -> None:
    if not access.principal.is_admin:
        raise PermissionDenied(f"Only workspace admins can {what}.")
