"""Federation policies of service principals, and the exchange of an identity provider's token for one of Databricks.

Source: databricks-sdk-py `service/oauth2.py` (ServicePrincipalFederationPolicyAPI) and `oidc.py`; RFC 8693.
"""

import json
from http import HTTPStatus
from typing import Any, Final

import jwt

from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter, OAuthError
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity import requests
from model_serving.workspace.identity.principals import Principal
from model_serving.workspace.store.database import Json, Store

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
KIND: Final = "federation_policy"


@accepts(requests.CreateFederationPolicy)
def create(call: Call) -> Json:
    """Creates a policy. Its keys must be in `jwks_json`: this workspace asks no issuer for them."""
    require_admin(call.access, "manage federation policies")
    owner = call.path["principal_id"]
    if call.store.get("service_principal", owner) is None:
        raise DoesNotExist(f"Service principal {owner} does not exist.")
    policy = call.body.get("oidc_policy") or {}
    for name in ("issuer", "subject", "jwks_json"):
        if not policy.get(name):
            raise InvalidParameter(f"oidc_policy.{name} is required")
    uid = f"{owner}-{len(call.store.all(KIND)) + 1}"
    name = f"accounts/{call.path['account_id']}/servicePrincipals/{owner}/federationPolicies/{uid}"
    return call.store.put(KIND, uid, {"uid": uid, "name": name, "owner": owner, "oidc_policy": policy})


def accepted(store: Store, client: Principal, token: str, now: float, audience: str) -> bool:
    """Whether a policy of the service principal accepts the token. Without audiences it accepts the token endpoint."""
    policies = [record["oidc_policy"] for record in store.all(KIND) if record["owner"] == client.id]
    return any(_accepts(policy, token, now, audience) for policy in policies)


def _accepts(policy: Json, token: str, now: float, audience: str) -> bool:
    try:
        keys = jwt.PyJWKSet.from_dict(json.loads(policy["jwks_json"]))
        # The expiry is compared with the workspace's clock below.
        options: Any = {"verify_exp": False, "verify_iat": False, "require": ["sub", "exp", "iss", "aud"]}
        claims = jwt.decode(
            token,
            keys[jwt.get_unverified_header(token).get("kid", "")].key,
            algorithms=["RS256"],
            issuer=policy["issuer"],
            audience=policy.get("audiences") or [audience],
            options=options,
        )
    except (jwt.PyJWTError, KeyError, ValueError):
        return False
    return bool(claims["sub"] == policy["subject"] and claims["exp"] > now)


def refused() -> OAuthError:
    """The error for a token that no policy accepts."""
    return OAuthError(HTTPStatus.BAD_REQUEST, "invalid_grant", "No federation policy accepts the token")
