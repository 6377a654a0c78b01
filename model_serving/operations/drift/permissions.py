"""Compare the declared permissions of an endpoint with its access list. Nothing is read.

Left out are inherited entries, the group of administrators, and the CAN_MANAGE that an endpoint's creator, the identity
that deploys and the caller have without declaring it. Source: terraform-provider-databricks,
permissions/permission_definitions.go.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from model_serving.databricks.access_lists import CAN_MANAGE, KINDS, AccessEntry, direct_entries, without_own
from model_serving.operations.drift.report import FieldDrift
from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.stack import Permission

PERMISSIONS: Final = "permissions"
_LEVELS: Final = ("CAN_VIEW", "CAN_QUERY", CAN_MANAGE)
_SERVICE_PRINCIPAL: Final = "service_principal_name"
_APPLICATION_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MEMBERS: Final = {kind.replace(" ", "_"): member for member, kind in KINDS.items()}


def declared_entries(permissions: Iterable[Permission], application_id: Callable[[str], str]) -> list[AccessEntry]:
    """The entries that are declared, with the application ids of the stack's service principals."""
    found = []
    for each in permissions:
        name = application_id(each.principal) if each.kind == "service_principal" else each.principal
        found.append(AccessEntry(_MEMBERS[each.kind], name if each.kind == "group" else name.lower(), each.level))
    return found


def live_entries(
    answer: Mapping[str, Any], declared: Sequence[AccessEntry], owners: Iterable[str | None]
) -> list[AccessEntry]:
    """The direct entries of an access list, one for each principal, without what its owners have undeclared.

    `owners` are the creator, the identity that deploys and the caller; one that is declared is listed like any other.
    """
    names = {each.name for each in declared}
    hidden = [owner for owner in owners if owner and owner.lower() not in names]
    highest: dict[tuple[str, str], AccessEntry] = {}
    for entry in without_own(direct_entries(answer), *hidden):
        known = highest.get((entry.member, entry.name))
        if known is None or _rank(entry) > _rank(known):
            highest[entry.member, entry.name] = entry
    return sorted(highest.values())


def _rank(entry: AccessEntry) -> int:
    return _LEVELS.index(entry.level) if entry.level in _LEVELS else -1


def permission_drifts(
    declared: Sequence[AccessEntry], live: Sequence[AccessEntry], key_of: Callable[[str], str]
) -> list[FieldDrift]:
    """An entry that is missing, has another level or is not declared, by principal."""
    wanted = {(each.member, each.name): each for each in declared}
    there = {(each.member, each.name): each for each in live}
    return [
        FieldDrift(entry_path(entry, key_of), _level(wanted.get(place)), _level(there.get(place)))
        for place, entry in ({**there, **wanted}).items()
        if _level(wanted.get(place)) != _level(there.get(place))
    ]


def without_unknown(
    declared: Sequence[AccessEntry], live: Sequence[AccessEntry]
) -> tuple[list[AccessEntry], list[AccessEntry]]:
    """Both without service principals that can't be compared: only the state has the application ids of a stack's own.

    A live one that is not declared by its application id may be one of them.
    """
    known = [each for each in declared if each.member != _SERVICE_PRINCIPAL or _APPLICATION_ID.fullmatch(each.name)]
    if len(known) == len(declared):
        return known, list(live)
    named = {each.name for each in known}
    return known, [each for each in live if each.member != _SERVICE_PRINCIPAL or each.name in named]


def entry_path(entry: AccessEntry, key_of: Callable[[str], str]) -> FieldPath:
    """`("permissions", "group data-science")`, with the key of a service principal of the stack."""
    kind = KINDS[entry.member].replace(" ", "_")
    name = key_of(entry.name) if entry.member == "service_principal_name" else entry.name
    return (PERMISSIONS, f"{kind} {name}")


def _level(entry: AccessEntry | None) -> str | None:
    return entry.level if entry else None
