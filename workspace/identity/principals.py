"""Principals: users and service principals, the groups that hold them, and how a name finds one.

Every principal belongs to `users` (and, for Unity Catalog, to `account users`) without being listed as a member:
so it is with the system groups of a workspace.
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
    """Who a request acts as. `name` is the user name or, for a service principal, its application id."""

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
        """Every name under which a grant may reach this principal."""
        return self.groups | {self.name}


ANONYMOUS: Final = Principal("", "user", "", "", frozenset())


def new_id(store: Store) -> str:
    """Identities have numeric ids, one series for users, groups and service principals."""
    return str(store.count("identity", FIRST_ID))


def principal(store: Store, kind: Kind, record: Json) -> Principal:
    name = record["applicationId"] if kind == "service_principal" else record["userName"]
    return Principal(record["id"], kind, name, record.get("displayName") or name, group_names(store, record["id"]))


def principal_named(store: Store, name: str) -> Principal | None:
    """The active user or service principal of that user name, in any spelling, or application id.

    The provider writes user names in lower case, whatever a program says. Source: provider, permissions.
    """
    users = (user for user in store.all("user") if user["userName"].lower() == name.lower())
    if user := next(users, None):
        return principal(store, "user", user) if user["active"] else None
    if application := store.find("service_principal", "applicationId", name):
        return principal(store, "service_principal", application) if application["active"] else None
    return None


def groups_of(store: Store, member_id: str) -> list[Json]:
    """The groups that hold a principal, directly or through other groups."""
    groups, found, wanted = store.all("group"), dict[str, Json](), [member_id]
    while wanted:
        member = wanted.pop()
        for group in groups:
            if group["id"] not in found and any(held["value"] == member for held in group["members"]):
                found[group["id"]] = group
                wanted.append(group["id"])
    return list(found.values())


def group_names(store: Store, member_id: str) -> frozenset[str]:
    return EVERYONE | {group["displayName"] for group in groups_of(store, member_id)}


def group_named(store: Store, name: str) -> Json | None:
    return next((group for group in store.all("group") if group["displayName"] == name), None)
