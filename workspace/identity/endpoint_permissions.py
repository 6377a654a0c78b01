"""Who may do what with a serving endpoint: its access control list and the permissions API over it.

The list is keyed by the endpoint's id, never its name. It outlives the endpoint: a read of a deleted endpoint's list
still answers (seen on the real service by the Databricks CLI's acceptance tests).
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
VERBS: Final[dict[Level, str]] = {"CAN_VIEW": "View", "CAN_QUERY": "Query", "CAN_MANAGE": "Manage"}
DESCRIPTIONS: Final[dict[Level, str]] = {
    "CAN_MANAGE": "Can manage the serving endpoint",
    "CAN_QUERY": "Can query the serving endpoint",
    "CAN_VIEW": "Can view the serving endpoint",
}
WIRE_MEMBERS: Final[dict[str, Kind]] = {
    "user_name": "user",
    "group_name": "group",
    "service_principal_name": "service_principal",
}


def read(call: Call) -> Json:
    _require_on_list(call, "CAN_VIEW")
    return wire_list(call.store, call.path["endpoint_id"])


@accepts(requests.AccessControlList)
def replace(call: Call) -> Json:
    """PUT: the body becomes the whole list of direct entries."""
    _require_on_list(call, "CAN_MANAGE")
    _keep(call.store, call.path["endpoint_id"], _entries(call))
    return wire_list(call.store, call.path["endpoint_id"])


@accepts(requests.AccessControlList)
def merge(call: Call) -> Json:
    """PATCH: principals that the body doesn't name keep their entries."""
    _require_on_list(call, "CAN_MANAGE")
    endpoint_id = call.path["endpoint_id"]
    _keep(call.store, endpoint_id, [*_acl(call.store, endpoint_id), *_entries(call)])
    return wire_list(call.store, endpoint_id)


def levels(call: Call) -> Json:
    _require_on_list(call, "CAN_VIEW")
    return {
        "permission_levels": [{"permission_level": name, "description": DESCRIPTIONS[name]} for name in DESCRIPTIONS]
    }


def start_list(store: Store, endpoint_id: str, creator: Principal) -> None:
    """A new endpoint's list: its creator may manage it."""
    _keep(store, endpoint_id, [{"kind": creator.kind, "name": creator.name, "level": "CAN_MANAGE"}])


def level_on(store: Store, principal: Principal, endpoint_id: str) -> Level | None:
    """The highest level that a principal holds, directly, through a group, or as a workspace admin."""
    if principal.is_admin:
        return "CAN_MANAGE"
    held = [entry["level"] for entry in _acl(store, endpoint_id) if entry["name"] in principal.names]
    return max(held, key=LEVELS.index, default=None)


def require_level(call: Call, endpoint: Json, needed: Level) -> None:
    held = level_on(call.store, call.caller, endpoint["id"])
    if held is None or LEVELS.index(held) < LEVELS.index(needed):
        raise PermissionDenied(f"User does not have permission '{VERBS[needed]}' on Endpoint {endpoint['name']}")


def _require_on_list(call: Call, needed: Level) -> None:
    endpoint_id = call.path["endpoint_id"]
    if call.store.get("acl", endpoint_id) is None:
        raise DoesNotExist(f"Serving endpoint with id {endpoint_id} does not exist.")
    endpoint = call.store.find("endpoint", "id", endpoint_id)
    if endpoint is None and call.answers("permissions-of-a-deleted-endpoint", "404"):
        raise DoesNotExist(f"Serving endpoint with id {endpoint_id} does not exist.")
    endpoint = endpoint or {"id": endpoint_id, "name": endpoint_id}
    require_level(call, endpoint, needed)


def _acl(store: Store, endpoint_id: str) -> list[Json]:
    record = store.get("acl", endpoint_id)
    return list(record["entries"]) if record else []


def _keep(store: Store, endpoint_id: str, entries: list[Json]) -> None:
    """One entry for each principal: the last one counts."""
    by_principal = {(entry["kind"], entry["name"]): entry for entry in entries}
    store.put("acl", endpoint_id, {"entries": list(by_principal.values())})


def _entries(call: Call) -> list[Json]:
    return [_entry(call.store, entry) for entry in call.body.get("access_control_list") or []]


def _entry(store: Store, wire: Json) -> Json:
    named = [(member, wire[member]) for member in WIRE_MEMBERS if wire.get(member)]
    if len(named) != 1:
        raise InvalidParameter("Exactly one of user_name, group_name and service_principal_name must be given")
    level = wire.get("permission_level")
    if level not in LEVELS:
        raise InvalidParameter(f"Permission level '{level}' is not supported for serving-endpoint")
    kind, name = _resolve(store, *named[0])
    return {"kind": kind, "name": name, "level": level}


def _resolve(store: Store, member: str, name: str) -> tuple[Kind, str]:
    """A `user_name` may hold an application id: so the provider names itself when it runs as a service principal."""
    if member == "group_name":
        if group_named(store, name):
            return "group", name
        raise InvalidParameter(f"Principal: GroupName({name}) does not exist")
    found = principal_named(store, name)
    if found is None or (member == "service_principal_name" and found.kind != "service_principal"):
        shown = "UserName" if member == "user_name" else "ServicePrincipalName"
        raise InvalidParameter(f"Principal: {shown}({name}) does not exist")
    return found.kind, found.name


def wire_list(store: Store, endpoint_id: str) -> Json:
    """The list as the API shows it.

    `object_type` is singular, whatever the path says; workspace admins carry an inherited CAN_MANAGE.
    """
    entries = [wire for entry in _acl(store, endpoint_id) if (wire := _wire_entry(store, entry))]
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


def _wire_entry(store: Store, entry: Json) -> Json | None:
    """An entry as the API shows it, or None once its principal is gone."""
    granted = [{"permission_level": entry["level"], "inherited": False}]
    if entry["kind"] == "group":
        return {"group_name": entry["name"], "all_permissions": granted} if group_named(store, entry["name"]) else None
    holder = principal_named(store, entry["name"])
    if holder is None:
        return None
    member = "user_name" if holder.kind == "user" else "service_principal_name"
    return {member: holder.name, "display_name": holder.display_name, "all_permissions": granted}
