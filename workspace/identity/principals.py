"""Principals: users, service principals and groups, and how to look them up by name.

Every principal belongs to the system groups `users` and, for Unity Catalog, `account users`, without being listed as a
member.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from model_serving.workspace.store.database import Json, Store

Kind: TypeAlias = Literal["user", "service_principal", "group"]

ADMINS: Final = "admins"
EVERYONE: Final = frozenset({"users", "account users"})
FIRST_ID: Final = 4_700_000_000_000_001


@dataclass(frozen=True)
class Principal:
    """The identity of a request. `name` is the user name or, for a service principal, the application id."""

    id: str
    kind: Kind
    name: str
    display_name: str
    groups: frozenset[str]

    @property
    def is_admin(self) -> bool:
        return ADMINS in self.groups

    @property
    def names(self) -> frozenset[str]:
        """The names whose grants apply to this principal: its own and those of its groups."""
        return self.groups | {self.name}


ANONYMOUS: Final = Principal("", "user", "", "", frozenset())


def new_id(store: Store) -> str:
    """A new numeric id, from one series for users, groups and service principals."""
    return str(store.count("identity", FIRST_ID))


def principal(store: Store, kind: Kind, record: Json) -> Principal:
    name = record["applicationId"] if kind == "service_principal" else record["userName"]
    return Principal(record["id"], kind, name, record.get("displayName") or name, group_names(store, record["id"]))


def principal_named(store: Store, name: str) -> Principal | None:
    """The active user with that user name, ignoring case, or service principal with that application id.

    Case is ignored because the provider sends user names in lower case. Source: provider, permissions.
    """
    users = (user for user in store.all("user") if user["userName"].lower() == name.lower())
    if user := next(users, None):
        return principal(store, "user", user) if user["active"] else None
    if application := store.find("service_principal", "applicationId", name):
        return principal(store, "service_principal", application) if application["active"] else None
    return None


def groups_of(store: Store, member_id: str) -> list[Json]:
    """The groups that a principal belongs to, directly or through nested groups."""
    groups, memberships, queue = store.all("group"), dict[str, Json](), [member_id]
    while queue:
        member_id = queue.pop()
        for group in groups:
            if group["id"] not in memberships and any(member["value"] == member_id for member in group["members"]):
                memberships[group["id"]] = group
                queue.append(group["id"])
    return list(memberships.values())


def group_names(store: Store, member_id: str) -> frozenset[str]:
    return EVERYONE | {group["displayName"] for group in groups_of(store, member_id)}


def group_named(store: Store, name: str) -> Json | None:
    return next((group for group in store.all("group") if group["displayName"] == name), None)
