"""Whether a caller may serve a model: EXECUTE on the model, USE SCHEMA and USE CATALOG on its schema and catalog.

An endpoint reads its models as its creator for as long as it exists. Source: product documentation, creator identity.
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.caller import Caller
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import CallError

UNITY_CATALOG: Final = "/api/2.1/unity-catalog"
_ALL: Final = "ALL_PRIVILEGES"
_COLLECTIONS: Final = {"catalog": "catalogs", "schema": "schemas", "function": "models"}


def missing_privileges(workspace: Workspace, caller: Caller, model: str) -> list[str]:
    """The privileges that the caller lacks, such as `EXECUTE on main.ml.fraud`.

    Raises CallError if grants cannot be read.
    """
    if caller.is_admin:
        return []
    catalog, schema, _ = model.split(".")
    needed = (("USE_CATALOG", catalog), ("USE_SCHEMA", f"{catalog}.{schema}"), ("EXECUTE", model))
    return [
        f"{privilege.replace('_', ' ')} on {name}"
        for privilege, name in needed
        if not _has_privilege(workspace, caller, privilege, name)
    ]


def owns_metastore(workspace: Workspace, caller: Caller) -> bool:
    """Whether the caller is a metastore admin, who may have privileges that grants do not show."""
    try:
        metastore = workspace.find(f"{UNITY_CATALOG}/metastore_summary")
    except CallError:
        return False
    return metastore is not None and metastore.get("owner") in caller.names


def _has_privilege(workspace: Workspace, caller: Caller, privilege: str, name: str) -> bool:
    """By the effective permissions, or else by a grant or the ownership of the securable or one that contains it."""
    securables = list(_with_containers(name))
    return _is_effective(workspace, caller, privilege, *securables[0]) or any(
        _is_granted(workspace, caller, privilege, *each) or _is_owned(workspace, caller, *each) for each in securables
    )


def _with_containers(name: str) -> Iterator[tuple[str, str]]:
    """Kind and name of a securable, then of its schema and catalog, whose privileges and owners apply to it too."""
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        yield ("catalog", "schema", "function")[depth - 1], ".".join(parts[:depth])


def _is_effective(workspace: Workspace, caller: Caller, privilege: str, kind: str, name: str) -> bool:
    """With inherited privileges and those of account groups. Source: REST reference, get effective permissions."""
    try:
        answer = workspace.find(f"{UNITY_CATALOG}/effective-permissions/{kind}/{name}?principal={quote(caller.name)}")
    except CallError:
        return False  # the grants are read instead
    entries = (answer or {}).get("privilege_assignments") or []
    return any(each.get("privilege") in (privilege, _ALL) for entry in entries for each in entry["privileges"])


def _is_granted(workspace: Workspace, caller: Caller, privilege: str, kind: str, name: str) -> bool:
    entries: list[dict[str, Any]] = (
        workspace.get(f"{UNITY_CATALOG}/permissions/{kind}/{name}").get("privilege_assignments") or []
    )
    granted = {right for entry in entries if entry["principal"] in caller.names for right in entry["privileges"]}
    return bool(granted & {privilege, _ALL})


def _is_owned(workspace: Workspace, caller: Caller, kind: str, name: str) -> bool:
    try:
        securable = workspace.find(f"{UNITY_CATALOG}/{_COLLECTIONS[kind]}/{name}")
    except CallError:
        return False  # an owner may always read it
    return securable is not None and securable.get("owner") in caller.names
