"""Host discovery and the token endpoint.

Sources: databricks-sdk-py `oauth.py`, `data_plane.py`; databricks-sdk-go `config/`; product documentation on querying
route-optimized endpoints.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from model_serving.workspace.http.call import Call, Reply
from model_serving.workspace.http.errors import ApiError, OAuthError
from model_serving.workspace.identity import federation
from model_serving.workspace.identity.endpoint_permissions import level_on
from model_serving.workspace.identity.principal_secrets import secret_matches
from model_serving.workspace.identity.principals import Principal, principal_named
from model_serving.workspace.identity.tokens import ALL_APIS, Access, mint_jwt, read_token
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES: Final = frozenset(
    {
        ALL_APIS,
        "model-serving",
        "unity-catalog",
        "scim",
        "access-management",
        "secrets",
        "mlflow",
        "sql",
        "offline_access",
    }
)
LEVELS_FOR_ACTION: Final = {
    "query_inference_endpoint": frozenset({"CAN_QUERY", "CAN_MANAGE"}),
    "manage_inference_endpoint": frozenset({"CAN_MANAGE"}),
}


def host_metadata(call: Call) -> Json:
    """Returns what every client requests first. `workspace_id` is a string: the Go SDK ignores all of it otherwise."""
    return {
        "oidc_endpoint": f"{call.origin}/oidc",
        "workspace_id": workspace_id(call.store),
        "cloud": "AWS",
    }


def oidc_metadata(call: Call) -> Json:
    return {
        "issuer": f"{call.origin}/oidc",
        "authorization_endpoint": f"{call.origin}/oidc/v1/authorize",
        "token_endpoint": f"{call.origin}/oidc/v1/token",
        "grant_types_supported": ["client_credentials", JWT_BEARER, federation.TOKEN_EXCHANGE],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


def workspace_id(store: Store) -> str:
    """The workspace id, which every resource's state contains. It is created with the database and never changes."""
    record = store.get("workspace", "id")
    if record is None:
        raise LookupError("The workspace has not been seeded")
    return str(record["id"])


def issue_token(call: Call, form: Mapping[str, str], authorization: str | None) -> Reply:
    """Issues an OAuth token. `expires_in` is a number: the Go SDK's data plane can't parse a string."""
    match form.get("grant_type"):
        case "client_credentials":
            access = _for_client(call.store, call.clock, form, authorization)
        case grant if grant == JWT_BEARER:
            access = _for_assertion(call.store, call.clock, form)
        case grant if grant == federation.TOKEN_EXCHANGE:
            access = _for_federated(call, form)
        case _:
            raise OAuthError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", "Unsupported grant type")
    lifetime = call.settings.token_lifetime
    body: Json = {
        "access_token": mint_jwt(call.store, access, f"{call.origin}/oidc", call.clock.now(), lifetime),
        "token_type": "Bearer",
        "expires_in": int(lifetime),
        "scope": " ".join(sorted(access.scopes)),
    }
    if access.details is not None:
        body["authorization_details"] = list(access.details)
    return Reply(body, headers={"Cache-Control": "no-store"})


def _for_client(store: Store, clock: Clock, form: Mapping[str, str], authorization: str | None) -> Access:
    client_id, secret = _client_credentials(form, authorization)
    client = principal_named(store, client_id)
    if client is None or not secret_matches(store, clock, client, secret):
        raise OAuthError(HTTPStatus.UNAUTHORIZED, "invalid_client", "Client authentication failed")
    scopes = frozenset(form.get("scope", ALL_APIS).split())
    if unknown := scopes - SCOPES:
        raise OAuthError(HTTPStatus.BAD_REQUEST, "invalid_scope", f"Unknown scopes: {', '.join(sorted(unknown))}")
    details = form.get("authorization_details")
    return Access(client, scopes, _authorized(store, client, details) if details else None)


def _for_assertion(store: Store, clock: Clock, form: Mapping[str, str]) -> Access:
    """Exchanges a control plane token for one of an endpoint. Personal access tokens can't be exchanged.

    The assertion is the only credential: databricks-sdk-py sends no Authorization header with it.
    """
    try:
        access = read_token(store, clock.now(), form.get("assertion", ""))
    except ApiError as error:
        raise OAuthError(HTTPStatus.BAD_REQUEST, "invalid_grant", "The assertion is not a valid token") from error
    if access.is_personal or access.details is not None:
        raise OAuthError(HTTPStatus.BAD_REQUEST, "invalid_grant", "The assertion must be an OAuth access token")
    if not access.has_scope("model-serving"):
        raise OAuthError(HTTPStatus.BAD_REQUEST, "invalid_scope", "The assertion lacks the scope model-serving")
    details = _authorized(store, access.principal, form.get("authorization_details", ""))
    return Access(access.principal, access.scopes, details)


def _for_federated(call: Call, form: Mapping[str, str]) -> Access:
    """Exchanges a token of an identity provider, such as GitHub's, by a federation policy of the service principal."""
    client = principal_named(call.store, form.get("client_id", ""))
    audience = f"{call.origin}/oidc/v1/token"
    token = form.get("subject_token", "")
    if client is None or not federation.accepted(call.store, client, token, call.clock.now(), audience):
        raise federation.refused()
    return Access(client, frozenset(form.get("scope", ALL_APIS).split()) & SCOPES or frozenset({ALL_APIS}))


def _client_credentials(form: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _authorized(store: Store, principal: Principal, text: str) -> tuple[Json, ...]:
    """The requested authorization details. Raises OAuthError unless the principal has all of these permissions.

    Source: product documentation for the format; a public report for the message of the refusal.
    """
    try:
        requested = json.loads(text)
    except json.JSONDecodeError as error:
        raise _bad_details("authorization_details is not valid JSON") from error
    details = requested if isinstance(requested, list) else [requested]
    if not details or not all(_is_well_formed(detail) for detail in details):
        raise _bad_details("authorization_details must name serving endpoints and actions on them")
    for detail in details:
        endpoint_id = detail["object_path"].removeprefix("/serving-endpoints/")
        level = level_on(store, principal, endpoint_id) if store.find("endpoint", "id", endpoint_id) else None
        if not all(level in LEVELS_FOR_ACTION[action] for action in detail["actions"]):
            raise _bad_details("User is not authorized to the requested authorizations")
    return tuple(details)


def _is_well_formed(detail: object) -> bool:
    if not isinstance(detail, dict) or not isinstance(detail.get("actions"), list):
        return False
    return (
        detail.get("type") == "workspace_permission"
        and detail.get("object_type") == "serving-endpoints"
        and str(detail.get("object_path", "")).startswith("/serving-endpoints/")
        and bool(detail["actions"])
        and all(isinstance(action, str) and action in LEVELS_FOR_ACTION for action in detail["actions"])
    )


def _bad_details(reason: str) -> OAuthError:
    return OAuthError(HTTPStatus.BAD_REQUEST, "invalid_authorization_details", reason)
