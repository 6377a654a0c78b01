"""Unity Catalog privileges: what was granted on each securable, and whether that is enough for a principal.

Grants are kept and shown exactly as they were made; inheritance (catalog to schema to function) only counts when a
privilege is checked. Registered models are `function` securables on the wire; a table takes SELECT and MODIFY. Source:
REST reference, grants.
"""

from collections.abc import Iterator
from typing import Final

from model_serving.workspace.catalog import requests
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter, PermissionDenied
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.principals import Principal, group_named, principal_named
from model_serving.workspace.store.database import Json, Store

SMALLEST_PAGE: Final = 150
ANSWERING_KINDS: Final = {
    "catalog": ("catalog",),
    "schema": ("schema",),
    "function": ("model", "feature_spec"),
    "table": ("uc_table",),
}
PRIVILEGES: Final = frozenset(
    {
        "ALL_PRIVILEGES",
        "APPLY_TAG",
        "BROWSE",
        "CREATE_FUNCTION",
        "CREATE_MODEL",
        "CREATE_MODEL_VERSION",
        "CREATE_SCHEMA",
        "EXECUTE",
        "MANAGE",
        "MODIFY",
        "SELECT",
        "USE_CATALOG",
        "USE_SCHEMA",
    }
)


def read(call: Call) -> Json:
    _securable(call)
    _check_page_size(call.query.get("max_results"))
    assignments = _assignments(call.store, call.path["securable_type"], call.path["full_name"])
    wanted = call.query.get("principal")
    shown = [entry for entry in assignments if wanted in (None, "", entry["principal"])]
    return {"privilege_assignments": shown} if shown else {}


def read_effective(call: Call) -> Json:
    """What principals hold on a securable, what they inherit included. Source: REST reference, get effective.

    Neither ownership nor the groups of a principal are looked at: nobody published whether the service does.
    """
    _securable(call)
    _check_page_size(call.query.get("max_results"))
    held: dict[str, list[Json]] = {}
    for kind, name in _upwards(call.path["full_name"], call.path["securable_type"]):
        above = (
            {} if name == call.path["full_name"] else {"inherited_from_type": kind.upper(), "inherited_from_name": name}
        )
        for entry in _assignments(call.store, kind, name):
            privileges = [{"privilege": privilege} | above for privilege in entry["privileges"]]
            held.setdefault(entry["principal"], []).extend(privileges)
    wanted = call.query.get("principal")
    shown = [{"principal": who, "privileges": each} for who, each in held.items() if wanted in (None, "", who)]
    return {"privilege_assignments": shown} if shown else {}


@accepts(requests.UpdateGrants)
def update(call: Call) -> Json:
    securable = _securable(call)
    kind, name = call.path["securable_type"], call.path["full_name"]
    if not (
        call.caller.is_admin
        or securable.get("owner") in call.caller.names
        or _holds(call.store, call.caller, "MANAGE", name, kind)
    ):
        raise PermissionDenied(f"User does not have MANAGE on {_shown(name)}.")
    granted = {entry["principal"]: entry["privileges"] for entry in _assignments(call.store, kind, name)}
    for change in call.body.get("changes") or []:
        _apply(call.store, granted, change)
    kept = [{"principal": who, "privileges": privileges} for who, privileges in granted.items() if privileges]
    call.store.put("grant", f"{kind}/{name}", {"privilege_assignments": kept})
    return {"privilege_assignments": kept}


def require_execute(store: Store, principal: Principal, full_name: str) -> None:
    """What an endpoint's creator needs on a model or feature spec. Source: product documentation, access control."""
    catalog, schema, _ = full_name.split(".", 2)
    for privilege, name in (
        ("USE_CATALOG", catalog),
        ("USE_SCHEMA", f"{catalog}.{schema}"),
        ("EXECUTE", full_name),
    ):
        if not _holds(store, principal, privilege, name):
            raise PermissionDenied(f"User does not have {privilege.replace('_', ' ')} on {_shown(name)}.")


def holds(call: Call, privilege: str, full_name: str) -> bool:
    return _holds(call.store, call.caller, privilege, full_name)


def _holds(store: Store, principal: Principal, privilege: str, full_name: str, lowest: str = "function") -> bool:
    """Directly, through a group, from the schema or catalog above, as an owner of one of them, or as an admin."""
    if principal.is_admin:
        return True
    for kind, name in _upwards(full_name, lowest):
        if _find(store, kind, name).get("owner") in principal.names:
            return True
        for entry in _assignments(store, kind, name):
            if entry["principal"] in principal.names and {privilege, "ALL_PRIVILEGES"} & set(entry["privileges"]):
                return True
    return False


def _upwards(full_name: str, lowest: str) -> Iterator[tuple[str, str]]:
    """A securable and those above it: kind and name. `lowest` is the kind of what stands in a schema."""
    parts = full_name.split(".")
    for depth in range(len(parts), 0, -1):
        yield ("catalog", "schema", lowest)[depth - 1], ".".join(parts[:depth])


def _apply(store: Store, granted: dict[str, list[str]], change: Json) -> None:
    who = str(change.get("principal", ""))
    added, removed = change.get("add") or [], change.get("remove") or []
    if set(added) & set(removed):
        raise InvalidParameter(f"Duplicate privileges to add and delete for principal {who}.")
    if unknown := set(added) - PRIVILEGES:
        raise InvalidParameter(f"Privilege {min(unknown)} is not applicable to this entity.")
    if added and not (principal_named(store, who) or group_named(store, who) or who == "account users"):
        raise DoesNotExist(f"Could not find principal with name {who}")
    # removing ALL_PRIVILEGES clears the principal's entry: the provider revokes that way
    left = [] if "ALL_PRIVILEGES" in removed else [held for held in granted.get(who, []) if held not in removed]
    granted[who] = left + [privilege for privilege in dict.fromkeys(added) if privilege not in left]


def _assignments(store: Store, kind: str, name: str) -> list[Json]:
    record = store.get("grant", f"{kind}/{name}")
    return list(record["privilege_assignments"]) if record else []


def _securable(call: Call) -> Json:
    kind, name = call.path["securable_type"], call.path["full_name"]
    if kind not in ANSWERING_KINDS:
        raise InvalidParameter(f"SECURABLETYPE {kind} is not supported by the embedded workspace")
    found = _find(call.store, kind, name)
    if not found:
        raise DoesNotExist(f"{kind.capitalize()} '{name}' does not exist.")
    return found


def _find(store: Store, kind: str, name: str) -> Json:
    records = (store.get(record_kind, name) for record_kind in ANSWERING_KINDS[kind])
    return next((record for record in records if record), {})


def _check_page_size(text: str | None) -> None:
    """0 lets the server choose; sizes of 1 to 149 are refused. Source: REST reference, get permissions."""
    if text and not (text.isdigit() and (int(text) == 0 or int(text) >= SMALLEST_PAGE)):
        raise InvalidParameter(f"max_results must be 0 or at least {SMALLEST_PAGE}")


def _shown(full_name: str) -> str:
    kind = ("Catalog", "Schema", "Routine or Model")[full_name.count(".")]
    return f"{kind} '{full_name}'"
