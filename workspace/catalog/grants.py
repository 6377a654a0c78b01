"""Unity Catalog privileges: the grants on each securable, and checks of a principal's privileges.

Grants are stored and returned unchanged; inheritance (catalog to schema to function) applies only to checks. The API
treats registered models as securables of type `function`; a table takes SELECT and MODIFY. Source: REST reference,
grants.
"""

from collections.abc import Iterator
from typing import Final

from model_serving.workspace.catalog import requests
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter, PermissionDenied
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.principals import Principal, group_named, principal_named
from model_serving.workspace.store.database import Json, Store

MIN_PAGE_SIZE: Final = 150
RECORD_KINDS: Final = {
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
    return _of_principal(call, _assignments(call.store, call.path["securable_type"], call.path["full_name"]))


def read_effective(call: Call) -> Json:
    """Returns granted and inherited privileges on a securable. Source: REST reference, get effective.

    Ownership and group membership are ignored; it is not documented whether the service considers them.
    """
    _securable(call)
    _check_page_size(call.query.get("max_results"))
    effective: dict[str, list[Json]] = {}
    for kind, name in _upwards(call.path["full_name"], call.path["securable_type"]):
        above = (
            {} if name == call.path["full_name"] else {"inherited_from_type": kind.upper(), "inherited_from_name": name}
        )
        for entry in _assignments(call.store, kind, name):
            privileges = [{"privilege": privilege} | above for privilege in entry["privileges"]]
            effective.setdefault(entry["principal"], []).extend(privileges)
    return _of_principal(call, [{"principal": name, "privileges": each} for name, each in effective.items()])


@accepts(requests.UpdateGrants)
def update(call: Call) -> Json:
    securable = _securable(call)
    kind, name = call.path["securable_type"], call.path["full_name"]
    if not _may_manage(call, securable):
        raise PermissionDenied(f"User does not have MANAGE on {_label(name)}.")
    granted = {entry["principal"]: entry["privileges"] for entry in _assignments(call.store, kind, name)}
    for change in call.body.get("changes") or []:
        _apply(call.store, granted, change)
    assignments = [{"principal": who, "privileges": privileges} for who, privileges in granted.items() if privileges]
    return call.store.put("grant", f"{kind}/{name}", {"privilege_assignments": assignments})


def _may_manage(call: Call, securable: Json) -> bool:
    kind, name = call.path["securable_type"], call.path["full_name"]
    return (
        call.caller.is_admin
        or securable.get("owner") in call.caller.names
        or _holds(call.store, call.caller, "MANAGE", name, kind)
    )


def _of_principal(call: Call, assignments: list[Json]) -> Json:
    """A response with the assignments of the principal in the query, or of all. A switch hides those of others."""
    principal = call.query.get("principal")
    selected = [entry for entry in assignments if principal in (None, "", entry["principal"])]
    if call.switch("grants-of-others") == "hidden" and not _may_manage(call, _securable(call)):
        selected = [entry for entry in selected if entry["principal"] in call.caller.names]
    return {"privilege_assignments": selected} if selected else {}


def require_execute(store: Store, principal: Principal, full_name: str) -> None:
    """Checks the privileges that an endpoint's creator needs. Source: product documentation, access control."""
    catalog, schema, _ = full_name.split(".", 2)
    for privilege, name in (
        ("USE_CATALOG", catalog),
        ("USE_SCHEMA", f"{catalog}.{schema}"),
        ("EXECUTE", full_name),
    ):
        if not _holds(store, principal, privilege, name):
            raise PermissionDenied(f"User does not have {privilege.replace('_', ' ')} on {_label(name)}.")


def missing_on_table(call: Call, full_name: str) -> str | None:
    """What the caller lacks to read a table, as in `SELECT on Table 'main.ml.payments'`; None if nothing."""
    catalog, schema, _ = full_name.split(".", 2)
    for privilege, kind, name in (
        ("USE_CATALOG", "catalog", catalog),
        ("USE_SCHEMA", "schema", f"{catalog}.{schema}"),
        ("SELECT", "table", full_name),
    ):
        if not _holds(call.store, call.caller, privilege, name, "table"):
            return f"{privilege.replace('_', ' ')} on {kind.capitalize()} '{name}'"
    return None


def holds(call: Call, privilege: str, full_name: str) -> bool:
    return _holds(call.store, call.caller, privilege, full_name)


def _holds(store: Store, principal: Principal, privilege: str, full_name: str, lowest: str = "function") -> bool:
    """Whether a grant here or on a parent, to the principal or its group, ownership, or the admin role gives it."""
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
    """The kind and name of a securable and of its parents; `lowest` is the kind of a securable in a schema."""
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
    # the provider revokes with ALL_PRIVILEGES, which removes all of the principal's privileges
    old = [] if "ALL_PRIVILEGES" in removed else granted.get(who, [])
    granted[who] = [*dict.fromkeys([*(privilege for privilege in old if privilege not in removed), *added])]


def _assignments(store: Store, kind: str, name: str) -> list[Json]:
    record = store.get("grant", f"{kind}/{name}")
    return list(record["privilege_assignments"]) if record else []


def _securable(call: Call) -> Json:
    kind, name = call.path["securable_type"], call.path["full_name"]
    if kind not in RECORD_KINDS:
        raise InvalidParameter(f"SECURABLETYPE {kind} is not supported by the embedded workspace")
    securable = _find(call.store, kind, name)
    if not securable:
        raise DoesNotExist(f"{kind.capitalize()} '{name}' does not exist.")
    return securable


def _find(store: Store, kind: str, name: str) -> Json:
    records = (store.get(record_kind, name) for record_kind in RECORD_KINDS[kind])
    return next((record for record in records if record), {})


def _check_page_size(text: str | None) -> None:
    """Rejects sizes of 1 to 149; 0 is the server's choice. Source: REST reference, get permissions."""
    if text and not (text.isdigit() and (int(text) == 0 or int(text) >= MIN_PAGE_SIZE)):
        raise InvalidParameter(f"max_results must be 0 or at least {MIN_PAGE_SIZE}")


def _label(full_name: str) -> str:
    kind = ("Catalog", "Schema", "Routine or Model")[full_name.count(".")]
    return f"{kind} '{full_name}'"
