"""Whether a caller may serve a model: EXECUTE on it, USE SCHEMA and USE CATALOG on the way to it.

An endpoint reads its models as its creator for as long as it lives. Source: product documentation, creator identity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_serving.databricks.client import CallError, DeniedError, SignInError, Workspace
from model_serving.databricks.principals import ACCOUNT_USERS

_CATALOG = "/api/2.1/unity-catalog"
_ALL = "ALL_PRIVILEGES"
_READS = {"catalog": "catalogs", "schema": "schemas", "function": "models"}


@dataclass(frozen=True)
class Caller:
    """Who the workspace takes us for. Administrators are taken to hold everything."""

    name: str
    groups: frozenset[str]

    @property
    def is_admin(self) -> bool:
        return "admins" in self.groups

    @property
    def names(self) -> frozenset[str]:
        """All names under which the caller may have been granted something."""
        return self.groups | {self.name, ACCOUNT_USERS}


def caller(workspace: Workspace) -> Caller:
    """The identity that these credentials belong to. A service principal's name is its application id."""
    try:
        found = workspace.get("/api/2.0/preview/scim/v2/Me")
    except DeniedError as error:  # so the service answers a token that it doesn't know
        raise SignInError(str(error)) from error
    return Caller(found["userName"], frozenset(group["display"] for group in found.get("groups") or ()))


def missing_privileges(workspace: Workspace, who: Caller, model: str) -> list[str]:
    """What the caller lacks, as `EXECUTE on main.ml.fraud`. Raises CallError where grants can't be read."""
    if who.is_admin:
        return []
    return [
        f"{privilege.replace('_', ' ')} on {name}"
        for privilege, name in _needed(model)
        if not _holds(workspace, who, privilege, name)
    ]


def owns_metastore(workspace: Workspace, who: Caller) -> bool:
    """Whether the caller is a metastore admin, who may hold what no grant shows."""
    try:
        found = workspace.find(f"{_CATALOG}/metastore_summary")
    except CallError:
        return False
    return found is not None and found.get("owner") in who.names


def _needed(model: str) -> list[tuple[str, str]]:
    catalog, schema, _ = model.split(".")
    return [("USE_CATALOG", catalog), ("USE_SCHEMA", f"{catalog}.{schema}"), ("EXECUTE", model)]


def _holds(workspace: Workspace, who: Caller, privilege: str, name: str) -> bool:
    """By what the service itself counts, else by what was granted to one of the caller's groups, or by ownership."""
    securables = list(_upwards(name))
    return _is_effective(workspace, who, privilege, *securables[0]) or any(
        _is_granted(workspace, who, privilege, *each) or _is_owned(workspace, who, *each) for each in securables
    )


def _upwards(name: str) -> Iterator[tuple[str, str]]:
    """A securable and those above it, whose privileges and owners count for it too."""
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        yield ("catalog", "schema", "function")[depth - 1], ".".join(parts[:depth])


def _is_effective(workspace: Workspace, who: Caller, privilege: str, kind: str, name: str) -> bool:
    """Inheritance included, and groups that the workspace doesn't know. Source: REST reference, get effective."""
    try:
        found = workspace.find(f"{_CATALOG}/effective-permissions/{kind}/{name}?principal={quote(who.name)}")
    except CallError:
        return False  # then the grants themselves are looked at
    entries = (found or {}).get("privilege_assignments") or []
    return any(each.get("privilege") in (privilege, _ALL) for entry in entries for each in entry["privileges"])


def _is_granted(workspace: Workspace, who: Caller, privilege: str, kind: str, name: str) -> bool:
    granted: list[dict[str, Any]] = (
        workspace.get(f"{_CATALOG}/permissions/{kind}/{name}").get("privilege_assignments") or []
    )
    held = {right for entry in granted if entry["principal"] in who.names for right in entry["privileges"]}
    return bool(held & {privilege, _ALL})


def _is_owned(workspace: Workspace, who: Caller, kind: str, name: str) -> bool:
    try:
        owned = workspace.find(f"{_CATALOG}/{_READS[kind]}/{name}")
    except CallError:
        return False  # its owner may always read it
    return owned is not None and owned.get("owner") in who.names
