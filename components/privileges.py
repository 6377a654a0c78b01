"""Whether a caller may serve a model: EXECUTE on it, USE SCHEMA and USE CATALOG on the way to it.

An endpoint reads its models as its creator for as long as it lives. Source: product documentation, creator identity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.databricks_api import CallError, DeniedError, SignInError, Workspace

_CATALOG = "/api/2.1/unity-catalog"
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
        return self.groups | {self.name, "account users"}


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
        if not any(_holds(workspace, who, privilege, *securable) for securable in _upwards(name))
    ]


def _needed(model: str) -> list[tuple[str, str]]:
    catalog, schema, _ = model.split(".")
    return [("USE_CATALOG", catalog), ("USE_SCHEMA", f"{catalog}.{schema}"), ("EXECUTE", model)]


def _upwards(name: str) -> Iterator[tuple[str, str]]:
    """A securable and those above it, whose privileges and owners count for it too."""
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        yield ("catalog", "schema", "function")[depth - 1], ".".join(parts[:depth])


def _holds(workspace: Workspace, who: Caller, privilege: str, kind: str, name: str) -> bool:
    granted: list[dict[str, Any]] = (
        workspace.get(f"{_CATALOG}/permissions/{kind}/{name}").get("privilege_assignments") or []
    )
    held = {right for entry in granted if entry["principal"] in who.names for right in entry["privileges"]}
    if held & {privilege, "ALL_PRIVILEGES"}:
        return True
    try:
        owned = workspace.find(f"{_CATALOG}/{_READS[kind]}/{name}")
    except CallError:
        return False  # its owner may always read it
    return owned is not None and owned.get("owner") in who.names
