"""Secret scopes, their secrets and access control lists.

Sources: REST reference, secrets; databricks-sdk-py `service/workspace.py`. Messages of refusals are ours.
"""

import base64
import binascii
import re
from typing import Final, Literal, TypeAlias, get_args

from model_serving.workspace.http.call import Call, required
from model_serving.workspace.http.errors import (
    AlreadyExists,
    DoesNotExist,
    InvalidParameter,
    LimitExceeded,
    MalformedRequest,
    PermissionDenied,
)
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity import requests
from model_serving.workspace.identity.principals import EVERYONE, Principal, group_named, principal_named
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json

Right: TypeAlias = Literal["READ", "WRITE", "MANAGE"]

RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
MAX_VALUE_SIZE: Final = 128 * 1024
MAX_SCOPES: Final = 1000
"""In a workspace. Source: product documentation, secret management."""
MAX_SECRETS: Final = 1000
"""In a scope."""
NAME: Final = r"[\w.@/-]{1,128}"
"""Names of scopes and keys. The documentation has letters, digits, dashes, underscores and periods; the provider also
accepts @ and /."""


@accepts(requests.CreateSecretScope)
def create_scope(call: Call) -> Json:
    """The creator gets MANAGE; with `initial_manage_principal: users` everyone does. A workspace has at most 1000."""
    (name,) = required(call.body, "scope")
    _require_name(name, "Scope name")
    if call.store.get("secret_scope", name):
        raise AlreadyExists(f"Scope {name} already exists!")
    if call.store.size("secret_scope") >= MAX_SCOPES:
        raise LimitExceeded(f"The workspace has reached its limit of {MAX_SCOPES} secret scopes.")
    manager = call.body.get("initial_manage_principal") or call.caller.name
    call.store.put("secret_scope", name, {"name": name, "acls": {manager: "MANAGE"}})
    return {}


@accepts(requests.SecretScope)
def delete_scope(call: Call) -> Json:
    scope = _scope(call, call.body.get("scope"), "MANAGE")
    call.store.delete("secret_scope", scope["name"])
    for secret in _secrets(call, scope):
        call.store.delete("secret", f"{scope['name']}/{secret['key']}")
    return {}


def list_scopes(call: Call) -> Json:
    scopes = [scope["name"] for scope in call.store.all("secret_scope") if _right(call.caller, scope)]
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in scopes]}


@accepts(requests.PutSecret)
def put_secret(call: Call) -> Json:
    """Creates the secret or overwrites its value. A scope has at most 1000, of 128 KB each."""
    scope = _scope(call, call.body.get("scope"), "WRITE")
    (key,) = required(call.body, "key")
    _require_name(key, "Secret key")
    value = _value(call.body)
    if len(value) > MAX_VALUE_SIZE:
        raise InvalidParameter("Secret value is larger than 128 KB.")
    keys = {secret["key"] for secret in _secrets(call, scope)}
    if key not in keys and len(keys) >= MAX_SECRETS:
        raise LimitExceeded(f"Scope {scope['name']} has reached its limit of {MAX_SECRETS} secrets.")
    record = {
        "scope": scope["name"],
        "key": key,
        "value": base64.b64encode(value).decode(),
        "last_updated_timestamp": milliseconds(call.clock.now()),
    }
    call.store.put("secret", f"{scope['name']}/{key}", record)
    return {}


@accepts(requests.DeleteSecret)
def delete_secret(call: Call) -> Json:
    scope = _scope(call, call.body.get("scope"), "WRITE")
    if not call.store.delete("secret", f"{scope['name']}/{call.body.get('key')}"):
        raise _no_secret(scope["name"], call.body.get("key"))
    return {}


def list_secrets(call: Call) -> Json:
    """Returns the keys only, never a value."""
    scope = _scope(call, call.query.get("scope"), "READ")
    members = ("key", "last_updated_timestamp")
    return {"secrets": [{member: secret[member] for member in members} for secret in _secrets(call, scope)]}


def get_secret(call: Call) -> Json:
    """Returns the value in base64."""
    scope, key = _scope(call, call.query.get("scope"), "READ"), call.query.get("key")
    secret = call.store.get("secret", f"{scope['name']}/{key}")
    if secret is None:
        raise _no_secret(scope["name"], key)
    return {"key": key, "value": secret["value"]}


@accepts(requests.PutSecretAcl)
def put_acl(call: Call) -> Json:
    """Creates or overwrites the right of a user, a group or a service principal, which is named by application id."""
    scope = _scope(call, call.body.get("scope"), "MANAGE")
    principal, right = required(call.body, "principal", "permission")
    if right not in RIGHTS:
        raise InvalidParameter(f"Invalid permission '{right}'. Supported values: {', '.join(RIGHTS)}.")
    if not _exists(call, principal):
        raise InvalidParameter(f"Principal {principal} does not exist.")
    call.store.put("secret_scope", scope["name"], scope | {"acls": scope["acls"] | {principal: right}})
    return {}


def get_acl(call: Call) -> Json:
    scope, principal = _scope(call, call.query.get("scope"), "MANAGE"), call.query.get("principal")
    if principal not in scope["acls"]:
        raise DoesNotExist(f"ACL for principal {principal} does not exist on scope {scope['name']}")
    return {"principal": principal, "permission": scope["acls"][principal]}


def list_acls(call: Call) -> Json:
    scope = _scope(call, call.query.get("scope"), "MANAGE")
    return {"items": [{"principal": name, "permission": right} for name, right in scope["acls"].items()]}


@accepts(requests.DeleteSecretAcl)
def delete_acl(call: Call) -> Json:
    scope, principal = _scope(call, call.body.get("scope"), "MANAGE"), call.body.get("principal")
    if principal not in scope["acls"]:
        raise DoesNotExist(f"ACL for principal {principal} does not exist on scope {scope['name']}")
    acls = {name: right for name, right in scope["acls"].items() if name != principal}
    call.store.put("secret_scope", scope["name"], scope | {"acls": acls})
    return {}


def _require_name(name: str, what: str) -> None:
    if not re.fullmatch(NAME, name, re.ASCII):
        allowed = "alphanumeric characters, dashes, underscores, and periods, and cannot exceed 128 characters"
        raise InvalidParameter(f"{what} must consist of {allowed}.")


def _exists(call: Call, name: str) -> bool:
    return name in EVERYONE or bool(principal_named(call.store, name) or group_named(call.store, name))


def _scope(call: Call, name: object, needed: Right) -> Json:
    scope = call.store.get("secret_scope", str(name))
    if scope is None:
        raise DoesNotExist(f"Scope {name} does not exist!")
    right = _right(call.caller, scope)
    if right is None or RIGHTS.index(right) < RIGHTS.index(needed):
        raise PermissionDenied(f"User {call.caller.name} does not have {needed} permission on scope {name}")
    return scope


def _right(principal: Principal, scope: Json) -> Right | None:
    """The highest right, directly or through a group; workspace admins have MANAGE on every scope."""
    if principal.is_admin:
        return "MANAGE"
    rights = [right for name, right in scope["acls"].items() if name in principal.names]
    return max(rights, key=RIGHTS.index, default=None)


def _secrets(call: Call, scope: Json) -> list[Json]:
    return [secret for secret in call.store.all("secret") if secret["scope"] == scope["name"]]


def _value(body: Json) -> bytes:
    if body.get("string_value") is not None and body.get("bytes_value") is not None:
        raise MalformedRequest("Exactly one of string_value and bytes_value must be given")
    if isinstance(body.get("string_value"), str):
        return str(body["string_value"]).encode()
    try:
        return base64.b64decode(str(body["bytes_value"]), validate=True)
    except (KeyError, binascii.Error) as error:
        raise InvalidParameter("Exactly one of string_value and bytes_value must be given") from error


def _no_secret(scope: str, key: object) -> DoesNotExist:
    return DoesNotExist(f"Secret does not exist with scope: {scope} and key: {key}")
