"""The SCIM API: the caller, users, service principals and groups.

Source: requests of the Terraform provider; databricks-sdk-py `service/iam.py`.
"""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from model_serving.workspace.http.call import Call, Reply, Rule
from model_serving.workspace.http.errors import ScimError
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity import requests
from model_serving.workspace.identity.principal_secrets import delete_secrets
from model_serving.workspace.identity.principals import ADMINS, Kind, group_named, groups_of, new_id
from model_serving.workspace.identity.scim_protocol import UNPARSABLE, page, patched
from model_serving.workspace.store.database import Json, Store

SCHEMA: Final[dict[Kind, str]] = {
    "user": "urn:ietf:params:scim:schemas:core:2.0:User",
    "service_principal": "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal",
    "group": "urn:ietf:params:scim:schemas:core:2.0:Group",
}
LABEL: Final[dict[Kind, str]] = {"user": "User", "service_principal": "Service principal", "group": "Group"}
ENTITLEMENTS: Final = frozenset(
    {
        "allow-cluster-create",
        "allow-instance-pool-create",
        "databricks-sql-access",
        "workspace-access",
        "workspace-consume",
    }
)
SYSTEM_GROUPS: Final = frozenset({ADMINS, "users"})


def me(call: Call) -> Json:
    """Returns the caller. The `userName` of a service principal is its application id."""
    record = call.store.get(call.caller.kind, call.caller.id) or {}
    return _wire(call.store, call.caller.kind, record) | {"userName": call.caller.name}


def list_of(kind: Kind) -> Rule:
    return lambda call: page([_wire(call.store, kind, record) for record in call.store.all(kind)], call.query)


def get_of(kind: Kind) -> Rule:
    return lambda call: _wire(call.store, kind, _require(call, kind))


def create_of(kind: Kind) -> Rule:
    @accepts(requests.Identity)
    def create(call: Call) -> Reply:
        _require_admin(call)
        record = NEW[kind](call.store, call.body)
        return Reply(_wire(call.store, kind, _save(call.store, kind, record)), status=HTTPStatus.CREATED)

    return create


def replace_of(kind: Kind) -> Rule:
    """Replaces an identity, except for its ids and user name."""

    @accepts(requests.Identity)
    def replace(call: Call) -> Json:
        _require_admin(call)
        record = _require(call, kind)
        settable = {"displayName", "active", "externalId", "entitlements", "roles", "emails", "members"}
        changes = {member: value for member, value in call.body.items() if member in settable}
        emptied: Json = {member: [] for member in ("entitlements", "roles", "members") if member in record}
        return _wire(call.store, kind, _save(call.store, kind, record | emptied | changes))

    return replace


def patch_of(kind: Kind) -> Rule:
    @accepts(requests.PatchIdentity)
    def patch(call: Call) -> Json:
        _require_admin(call)
        record = _require(call, kind)
        server_made = {member: record[member] for member in ("id", "applicationId") if member in record}
        record = patched(record, call.body.get("Operations") or []) | server_made
        return _wire(call.store, kind, _save(call.store, kind, record))

    return patch


def delete_of(kind: Kind) -> Rule:
    """Deletes an identity with its secrets and group memberships."""

    def delete(call: Call) -> Reply:
        _require_admin(call)
        record = _require(call, kind)
        if kind == "group" and record["displayName"] in SYSTEM_GROUPS:
            raise ScimError(HTTPStatus.FORBIDDEN, f"Group {record['displayName']} is a system group.", "mutability")
        call.store.delete(kind, record["id"])
        delete_secrets(call.store, record["id"])
        for group in call.store.all("group"):
            members = [member for member in group["members"] if member["value"] != record["id"]]
            if len(members) < len(group["members"]):
                call.store.put("group", group["id"], group | {"members": members})
        return Reply(None, status=HTTPStatus.NO_CONTENT)

    return delete


def new_service_principal(store: Store, body: Json) -> Json:
    """The server assigns the application id; a request with one is rejected, as on AWS."""
    if body.get("applicationId"):
        raise ScimError(HTTPStatus.BAD_REQUEST, UNPARSABLE, "invalidSyntax")
    application_id = str(uuid.uuid4())
    return _new(store, body) | {
        "applicationId": application_id,
        "displayName": body.get("displayName") or application_id,
    }


def new_user(store: Store, body: Json) -> Json:
    name = str(body.get("userName") or "")
    if "@" not in name:
        raise ScimError(HTTPStatus.BAD_REQUEST, "userName must be an email address", "invalidValue")
    if store.find("user", "userName", name):
        raise ScimError(HTTPStatus.CONFLICT, f"User with email {name} already exists in this account", "uniqueness")
    emails = body.get("emails") or [{"type": "work", "value": name, "primary": True}]
    return _new(store, body) | {"userName": name, "displayName": body.get("displayName") or name, "emails": emails}


def new_group(store: Store, body: Json) -> Json:
    name = str(body.get("displayName") or "")
    if not name:
        raise ScimError(HTTPStatus.BAD_REQUEST, "displayName is required", "invalidValue")
    if group_named(store, name):
        raise ScimError(HTTPStatus.CONFLICT, f"Group with name {name} already exists.", "uniqueness")
    return _new(store, body) | {"displayName": name, "members": body.get("members") or []}


NEW: Final[dict[Kind, Callable[[Store, Json], Json]]] = {
    "user": new_user,
    "service_principal": new_service_principal,
    "group": new_group,
}


def _new(store: Store, body: Json) -> Json:
    record = {"id": new_id(store), "active": body.get("active", True), "entitlements": body.get("entitlements") or []}
    record |= {"roles": body.get("roles") or []}
    return record | ({"externalId": body["externalId"]} if body.get("externalId") else {})


def _save(store: Store, kind: Kind, record: Json) -> Json:
    """Stores an identity. The Go SDK sends `entitlements: [{}]` for none; returning it breaks the provider."""
    entitlements = [entry for entry in record.get("entitlements") or [] if entry.get("value") in ENTITLEMENTS]
    record = record | {"entitlements": entitlements}
    if kind == "group":
        record["members"] = [{"value": member["value"]} for member in record["members"] if member.get("value")]
    return store.put(kind, record["id"], record)


def _wire(store: Store, kind: Kind, record: Json) -> Json:
    groups = [
        {"display": group["displayName"], "value": group["id"], "type": "direct", "$ref": f"Groups/{group['id']}"}
        for group in groups_of(store, record["id"])
    ]
    resource = record | {"schemas": [SCHEMA[kind]], "groups": groups}
    if kind != "group":
        return resource
    return resource | {
        "members": [member | {"display": _display(store, member["value"])} for member in record["members"]],
        "meta": {"resourceType": "WorkspaceGroup"},
    }


def _display(store: Store, member_id: str) -> str:
    records = (store.get(kind, member_id) for kind in SCHEMA)
    return next((str(record.get("displayName", "")) for record in records if record), "")


def _require(call: Call, kind: Kind) -> Json:
    record = call.store.get(kind, call.path["identity_id"])
    if record is None:
        raise ScimError(HTTPStatus.NOT_FOUND, f"{LABEL[kind]} with id {call.path['identity_id']} not found.")
    return record


def _require_admin(call: Call) -> None:
    if not call.caller.is_admin:
        raise ScimError(HTTPStatus.FORBIDDEN, "Only workspace admins can manage identities.")
