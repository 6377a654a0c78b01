"""Credentials: personal access tokens, and the JWTs that the token endpoint issues.

Only digests of tokens and secrets are stored, except for the administrator's, which every start prints.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final

import jwt

from model_serving.workspace.http.errors import PermissionDenied, Unauthenticated
from model_serving.workspace.identity.principals import ANONYMOUS, Principal, principal_named
from model_serving.workspace.store.database import Json, Store

ALL_APIS: Final = "all-apis"
PERSONAL_PREFIX: Final = "dapi"


@dataclass(frozen=True)
class Access:
    """The principal of a credential, the API scopes that it has, and the authorization details of a narrowed token.

    `details` is None for a token without authorization details.
    """

    principal: Principal
    scopes: frozenset[str] = frozenset({ALL_APIS})
    details: tuple[Json, ...] | None = None
    is_personal: bool = False

    def has_scope(self, scope: str) -> bool:
        return bool(self.scopes & {ALL_APIS, scope})

    def allows(self, object_path: str, action: str) -> bool:
        """Whether the authorization details contain that object with that action."""
        return any(
            detail["object_path"] == object_path and action in detail["actions"] for detail in self.details or ()
        )


NO_ACCESS: Final = Access(ANONYMOUS)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_personal_token(store: Store, owner: Principal) -> str:
    """Creates a personal access token, which never expires, for a user or service principal."""
    token = PERSONAL_PREFIX + secrets.token_hex(16)
    store.put("personal_token", digest(token), {"principal": owner.name})
    return token


def read_token(store: Store, now: float, token: str) -> Access:
    """The access of a token. Raises PermissionDenied for an unknown personal token, Unauthenticated for a bad JWT."""
    if token.count(".") == 2:  # noqa: PLR2004 - the three parts of a JWT
        return _read_jwt(store, now, token)
    record = store.get("personal_token", digest(token))
    owner = principal_named(store, record["principal"]) if record else None
    if owner is None:
        raise PermissionDenied("Invalid access token.")
    return Access(owner, is_personal=True)


def mint_jwt(store: Store, access: Access, issuer: str, now: float, lifetime: float) -> str:
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": access.principal.name,
        "client_id": access.principal.name,
        "scope": " ".join(sorted(access.scopes)),
        "iat": int(now),
        "exp": now + lifetime,
        "jti": str(uuid.uuid4()),
    }
    if access.details is not None:
        claims["authorization_details"] = list(access.details)
    return jwt.encode(claims, _signing_key(store), algorithm="HS256")


def _read_jwt(store: Store, now: float, token: str) -> Access:
    # PyJWT would compare the expiry with the machine's clock, not with the workspace's
    options: Any = {"verify_exp": False, "verify_iat": False, "require": ["sub", "exp", "scope"]}
    try:
        claims = jwt.decode(token, _signing_key(store), algorithms=["HS256"], options=options)
    except jwt.InvalidTokenError as error:
        raise Unauthenticated("Invalid Token") from error
    if claims["exp"] <= now:
        raise Unauthenticated("Access token has expired")
    owner = principal_named(store, claims["sub"])
    if owner is None:
        raise Unauthenticated("Invalid Token")
    details = claims.get("authorization_details")
    return Access(owner, frozenset(claims["scope"].split()), None if details is None else tuple(details))


def _signing_key(store: Store) -> str:
    record = store.get("workspace", "signing_key")
    if record is None:
        record = store.put("workspace", "signing_key", {"key": secrets.token_hex(32)})
    return str(record["key"])
