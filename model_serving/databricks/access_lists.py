"""The access list of an endpoint in the permissions API, as the entries that someone granted on the endpoint itself.

Source: REST reference, permissions; terraform-provider-databricks, permissions/permission_definitions.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.naming import provider_name

ADMINS: Final = "admins"
"""The group of workspace administrators, who manage every endpoint. Its entry can't be changed."""

CAN_MANAGE: Final = "CAN_MANAGE"

KINDS: Final[Mapping[str, str]] = {
    "user_name": "user",
    "group_name": "group",
    "service_principal_name": "service principal",
}
"""The members that name the principal of an entry, and what each is called in messages."""


@dataclass(frozen=True, order=True)
class AccessEntry:
    """One direct entry. `member` is one of KINDS. Names of users and service principals are in lower case."""

    member: str
    name: str
    level: str

    def __str__(self) -> str:
        return f'{KINDS[self.member]} "{self.name}" has {self.level}'

    @property
    def input(self) -> dict[str, str]:
        """The entry as an input of `databricks.Permissions`."""
        return {provider_name(self.member): self.name, "permissionLevel": self.level}

    def is_of(self, principal: str) -> bool:
        """Whether it is an entry of the user of that name, or of the service principal with that application id."""
        return self.member != "group_name" and self.name == principal.lower()


def access_list_path(endpoint_id: str) -> str:
    """The path of the access list of the endpoint with that id."""
    return f"/api/2.0/permissions/serving-endpoints/{quote(endpoint_id, safe='')}"


def direct_entries(answer: Mapping[str, Any]) -> list[AccessEntry]:
    """The entries of an answer to GET that are neither inherited nor of the group `admins`, sorted."""
    entries = set()
    for wire in answer.get("access_control_list") or []:
        member = next((member for member in KINDS if wire.get(member)), None)
        if member is None or (member == "group_name" and wire[member] == ADMINS):
            continue
        name = str(wire[member]) if member == "group_name" else str(wire[member]).lower()
        for permission in wire.get("all_permissions") or []:
            if not permission.get("inherited"):
                entries.add(AccessEntry(member, name, str(permission["permission_level"])))
    return sorted(entries)


def without_own(entries: list[AccessEntry], *principals: str | None) -> list[AccessEntry]:
    """The entries without the CAN_MANAGE that the creator and whoever deploys have without declaring it."""
    return [
        entry
        for entry in entries
        if not (entry.level == CAN_MANAGE and any(each and entry.is_of(each) for each in principals))
    ]
