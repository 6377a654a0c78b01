"""OAuth secrets of service principals. Source: databricks-sdk-py `service/oauth2.py`; the provider's own requests."""

import re
import secrets
from typing import Final

from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity import requests
from model_serving.workspace.identity.principals import Principal
from model_serving.workspace.identity.tokens import digest
from model_serving.workspace.store.clock import Clock, rfc3339
from model_serving.workspace.store.database import Json, Store

TWO_YEARS: Final = 63_072_000
MAX_SECRETS: Final = 5
PRIVATE: Final = frozenset({"service_principal_id", "expires_at", "digest"})


@accepts(requests.CreatePrincipalSecret)
def create(call: Call) -> Json:
    """Returns the secret, which no later response contains. A service principal has at most five."""
    require_admin(call.access, "manage service principal secrets")
    owner = _service_principal(call)
    if len(_secrets_of(call.store, owner)) >= MAX_SECRETS:
        raise InvalidParameter(f"Service principal {owner} already has the maximum of {MAX_SECRETS} secrets")
    record, secret = new_secret(call.store, call.clock, owner, _lifetime(call.body))
    return _public(record) | {"secret": secret}


def list_all(call: Call) -> Json:
    """Lists all secrets on one page. Any page token, even an empty one, makes the SDKs request pages endlessly."""
    require_admin(call.access, "manage service principal secrets")
    return {"secrets": [_public(record) for record in _secrets_of(call.store, _service_principal(call))]}


def delete(call: Call) -> Json:
    require_admin(call.access, "manage service principal secrets")
    record = call.store.get("oauth_secret", call.path["secret_id"])
    if record is None or record["service_principal_id"] != _service_principal(call):
        raise DoesNotExist(f"Secret {call.path['secret_id']} does not exist.")
    call.store.delete("oauth_secret", record["id"])
    return {}


def new_secret(store: Store, clock: Clock, owner: str, lifetime: int = TWO_YEARS) -> tuple[Json, str]:
    """Creates a secret of the service principal with that numeric id, valid for `lifetime` seconds."""
    secret, now = "dose" + secrets.token_hex(16), clock.now()
    record: Json = {
        "id": secrets.token_hex(16),
        "service_principal_id": owner,
        "digest": digest(secret),
        "secret_hash": digest(digest(secret)),
        "status": "ACTIVE",
        "create_time": rfc3339(now),
        "update_time": rfc3339(now),
        "expire_time": rfc3339(now + lifetime),
        "expires_at": now + lifetime,
    }
    return store.put("oauth_secret", record["id"], record), secret


def secret_matches(store: Store, clock: Clock, client: Principal, secret: str) -> bool:
    return any(
        record["digest"] == digest(secret) and record["expires_at"] > clock.now()
        for record in _secrets_of(store, client.id)
    )


def delete_secrets(store: Store, owner: str) -> None:
    for record in _secrets_of(store, owner):
        store.delete("oauth_secret", record["id"])


def _secrets_of(store: Store, owner: str) -> list[Json]:
    return [record for record in store.all("oauth_secret") if record["service_principal_id"] == owner]


def _service_principal(call: Call) -> str:
    """The numeric id in the path. An application id there, a common mistake, is unknown."""
    owner = call.path["principal_id"]
    if call.store.get("service_principal", owner) is None:
        raise DoesNotExist(f"Service principal with id {owner} does not exist.")
    return owner


def _lifetime(body: Json) -> int:
    text = body.get("lifetime") or f"{TWO_YEARS}s"
    match = re.fullmatch(r"(\d+)(\.\d+)?s", text)
    if not match or not 0 < int(match[1]) <= TWO_YEARS:
        raise InvalidParameter(f"Invalid lifetime: {text}")
    return int(match[1])


def _public(record: Json) -> Json:
    return {member: value for member, value in record.items() if member not in PRIVATE}
