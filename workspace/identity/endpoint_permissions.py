"""The access control lists of serving endpoints, and the permissions API.

A list is keyed by the endpoint's id, never by its name. It outlives the endpoint: the list of a deleted endpoint can
still be read (recorded on the real service by the Databricks CLI's acceptance tests).
Sources: REST reference, permissions; product documentation, access control lists.
"""

from typing import Final, Literal, TypeAlias, get_args

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter, PermissionDenied
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity import requests
from model_serving.workspace.identity.principals import ADMINS, Kind, Principal, group_named, principal_named
from model_serving.workspace.store.database import Json, Store

Level: TypeAlias = Literal["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
PRINCIPAL_MEMBERS: Final[dict[str, Kind]] = {
    "user_name": "user",
    "group_name": "group",
    "service_principal_name": "service_principal",
}


def read(call: Call) -> Json:
    """A switch decides which level is needed."""
    _require_on_list(call, "CAN_MANAGE" if call.switch("access-list-readers") == "CAN_MANAGE" else "CAN_VIEW")
    return _answer(call)


@accepts(requests.AccessControlList)
def replace(call: Call) -> Json:
    """Replaces all direct entries of the list."""
    _require_on_list(call, "CAN_MANAGE")
    _store_acl(call.store, call.path["endpoint_id"], _entries(call))
    return _answer(call)


@accepts(requests.AccessControlList)
def merge(call: Call) -> Json:
    """Adds entries; principals that the body doesn't name keep theirs."""
    _require_on_list(call, "CAN_MANAGE")
    endpoint_id = call.path["endpoint_id"]
    _store_acl(call.store, endpoint_id, [*_acl(call.store, endpoint_id), *_entries(call)])
    return _answer(call)


def levels(call: Call) -> Json:
    _require_on_list(call, "CAN_VIEW")
    return {
        "permission_levels": [
            {"permission_level": level, "description": f"Can {_verb(level)} the serving endpoint"}
            for level in reversed(LEVELS)
        ]
    }


def start_list(store: Store, endpoint_id: str, creator: Principal) -> None:
    """Creates the list of a new endpoint, in which its creator has CAN_MANAGE."""
    _store_acl(store, endpoint_id, [{"kind": creator.kind, "name": creator.name, "level": "CAN_MANAGE"}])


def level_on(store: Store, principal: Principal, endpoint_id: str) -> Level | None:
    """The highest level of a principal: its own, a group's, or CAN_MANAGE of workspace admins."""
    if principal.is_admin:
        return "CAN_MANAGE"
    levels = [entry["level"] for entry in _acl(store, endpoint_id) if entry["name"] in principal.names]
    return max(levels, key=LEVELS.index, default=None)


def require_level(call: Call, endpoint: Json, needed: Level) -> None:
    """Raises PermissionDenied if the caller's level on the endpoint is lower."""
    level = level_on(call.store, call.caller, endpoint["id"])
    if level is None or LEVELS.index(level) < LEVELS.index(needed):
        verb = _verb(needed).capitalize()
        raise PermissionDenied(f"User does not have permission '{verb}' on Endpoint {endpoint['name']}")


def _verb(level: Level) -> str:
    return level.removeprefix("CAN_").lower()


def _require_on_list(call: Call, needed: Level) -> None:
    endpoint_id = call.path["endpoint_id"]
    endpoint = call.store.find("endpoint", "id", endpoint_id)
    is_hidden = endpoint is None and call.switch("permissions-of-a-deleted-endpoint") == "404"
    if is_hidden or call.store.get("acl", endpoint_id) is None:
        raise DoesNotExist(f"Serving endpoint with id {endpoint_id} does not exist.")
    require_level(call, endpoint or {"id": endpoint_id, "name": endpoint_id}, needed)


def _acl(store: Store, endpoint_id: str) -> list[Json]:
    record = store.get("acl", endpoint_id)
    return list(record["entries"]) if record else []


def _store_acl(store: Store, endpoint_id: str, entries: list[Json]) -> None:
    """Stores one entry for each principal, the last one."""
    by_principal = {(entry["kind"], entry["name"]): entry for entry in entries}
    store.put("acl", endpoint_id, {"entries": list(by_principal.values())})


def _entries(call: Call) -> list[Json]:
    return [_entry(call.store, entry) for entry in call.body.get("access_control_list") or []]


def _entry(store: Store, wire: Json) -> Json:
    named = [(member, wire[member]) for member in PRINCIPAL_MEMBERS if wire.get(member)]
    if len(named) != 1:
        raise InvalidParameter("Exactly one of user_name, group_name and service_principal_name must be given")
    level = wire.get("permission_level")
    if level not in LEVELS:
        raise InvalidParameter(f"Permission level '{level}' is not supported for serving-endpoint")
    kind, name = _resolve(store, *named[0])
    return {"kind": kind, "name": name, "level": level}


def _resolve(store: Store, member: str, name: str) -> tuple[Kind, str]:
    """The principal of an entry. The provider sends its own application id as `user_name`."""
    if member == "group_name":
        if group_named(store, name):
            return "group", name
        raise InvalidParameter(f"Principal: GroupName({name}) does not exist")
    principal = principal_named(store, name)
    if principal is None or (member == "service_principal_name" and principal.kind != "service_principal"):
        label = "UserName" if member == "user_name" else "ServicePrincipalName"
        raise InvalidParameter(f"Principal: {label}({name}) does not exist")
    return principal.kind, principal.name


def _answer(call: Call) -> Json:
    """A switch decides whether entries of deleted principals are in it."""
    is_kept = call.switch("permissions-of-a-deleted-principal") == "kept"
    return wire_list(call.store, call.path["endpoint_id"], with_deleted=is_kept)


def wire_list(store: Store, endpoint_id: str, *, with_deleted: bool = False) -> Json:
    """The list in the form of the API.

    `object_type` is singular, unlike the path. Workspace admins have an inherited CAN_MANAGE.
    """
    listed = [(entry, _wire_entry(store, entry)) for entry in _acl(store, endpoint_id)]
    entries = [wire or _deleted(entry) for entry, wire in listed if wire or with_deleted]
    inherited = {"permission_level": "CAN_MANAGE", "inherited": True, "inherited_from_object": ["/serving-endpoints/"]}
    admins = next((entry for entry in entries if entry.get("group_name") == ADMINS), None)
    if admins:
        admins["all_permissions"].append(inherited)
    else:
        entries.append({"group_name": ADMINS, "all_permissions": [inherited]})
    return {
        "object_id": f"/serving-endpoints/{endpoint_id}",
        "object_type": "serving-endpoint",
        "access_control_list": entries,
    }


def _deleted(entry: Json) -> Json:
    """An entry whose principal no longer exists."""
    member = next(member for member, kind in PRINCIPAL_MEMBERS.items() if kind == entry["kind"])
    return {member: entry["name"], "all_permissions": [{"permission_level": entry["level"], "inherited": False}]}


def _wire_entry(store: Store, entry: Json) -> Json | None:
    """An entry in the form of the API, or None if its principal no longer exists."""
    granted = [{"permission_level": entry["level"], "inherited": False}]
    if entry["kind"] == "group":
        return {"group_name": entry["name"], "all_permissions": granted} if group_named(store, entry["name"]) else None
    principal = principal_named(store, entry["name"])
    if principal is None:
        return None
    member = "user_name" if principal.kind == "user" else "service_principal_name"
    return {member: principal.name, "display_name": principal.display_name, "all_permissions": granted}
