"""Credentials: personal access tokens, OAuth secrets and the JWTs that secrets buy.

Only digests of tokens and secrets are kept, except for the two that the ready lines print again at every start.
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
    """What a request's credential allows: who it acts as, which APIs, and, for a narrowed token, which objects.

    `details` is None for a token without authorization details.
    """

    principal: Principal
    scopes: frozenset[str] = frozenset({ALL_APIS})
    details: tuple[Json, ...] | None = None
    is_personal: bool = False

    def has_scope(self, scope: str) -> bool:
        return bool(self.scopes & {ALL_APIS, scope})

    def allows(self, object_path: str, action: str) -> bool:
        """Whether the authorization details name that object with that action."""
        return any(
            detail["object_path"] == object_path and action in detail["actions"] for detail in self.details or ()
        )


NOBODY: Final = Access(ANONYMOUS)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_personal_token(store: Store, owner: Principal) -> str:
    """A personal access token of a user or service principal; it never expires."""
    token = PERSONAL_PREFIX + secrets.token_hex(16)
    store.put("personal_token", digest(token), {"principal": owner.name})
    return token


def read_token(store: Store, now: float, token: str) -> Access:
    """Who holds that token. Raises PermissionDenied for an unknown personal token, Unauthenticated for a bad JWT."""
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
    # expiry is judged by the workspace's clock, which PyJWT doesn't know
    options: Any = {"verify_exp": False, "verify_iat": False, "require": ["sub", "exp", "scope"]}
    try:
        claims = jwt.decode(token, _signing_key(store), algorithms=["HS256"], options=options)
    except jwt.InvalidTokenError as fault:
        raise Unauthenticated("Invalid Token") from fault
    if claims["exp"] <= now:
        raise Unauthenticated("Access token has expired")
    holder = principal_named(store, claims["sub"])
    if holder is None:
        raise Unauthenticated("Invalid Token")
    details = claims.get("authorization_details")
    return Access(holder, frozenset(claims["scope"].split()), None if details is None else tuple(details))


def _signing_key(store: Store) -> str:
    record = store.get("workspace", "signing_key")
    if record is None:
        record = store.put("workspace", "signing_key", {"key": secrets.token_hex(32)})
    return str(record["key"])
