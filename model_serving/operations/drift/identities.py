"""Whether the principals of access lists still exist, asked only of those that no stack declares there."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from model_serving.databricks.access_lists import AccessEntry
from model_serving.databricks.principals import SCIM, is_everyone_group
from model_serving.operations.drift.reads import Reader

MOST_LOOKUPS: Final = 50
"""How many principals are looked up; the others count as existing."""

_COLLECTIONS: Final = {
    "user_name": ("Users", "userName"),
    "group_name": ("Groups", "displayName"),
    "service_principal_name": ("ServicePrincipals", "applicationId"),
}

Principal = tuple[str, str]
"""The member that names it in an access list, and its name."""


def principal_of(entry: AccessEntry) -> Principal:
    """The principal of an entry."""
    return entry.member, entry.name


def deleted_principals(reader: Reader, entries: Iterable[AccessEntry]) -> frozenset[Principal]:
    """Those of the principals that no longer exist. One that can't be looked up counts as existing."""
    wanted = sorted({principal_of(each) for each in entries if not _is_system(each)})[:MOST_LOOKUPS]
    answers = reader.read_all(_path(*each) for each in wanted)
    return frozenset(each for each in wanted if _is_empty(answers[_path(*each)]))


def _is_system(entry: AccessEntry) -> bool:
    return entry.member == "group_name" and is_everyone_group(entry.name)


def _is_empty(answer: object) -> bool:
    return isinstance(answer, Mapping) and not answer.get("Resources")


def _path(member: str, name: str) -> str:
    collection, attribute = _COLLECTIONS[member]
    value = name.replace("\\", "\\\\").replace('"', '\\"')
    condition = quote(f'{attribute} eq "{value}"')
    return f"{SCIM}/{collection}?filter={condition}"
