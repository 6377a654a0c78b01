"""Service principals of adopted endpoints: the keys with which a stack file names them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from model_serving.operations.adopt.entry import Destination, Entry
from model_serving.operations.adopt.live_access import principal_names
from model_serving.spec import Stack
from model_serving.spec.vocabulary.types import APPLICATION_ID

_NAMELESS: Final = "principal"


def declared_keys(spec: Stack) -> dict[str, str]:
    """The keys of existing service principals that the stack declares, by application id in lower case."""
    declared = spec.service_principals.items()
    return {str(each.application_id).lower(): key for key, each in declared if each.application_id}


def with_new_keys(
    known: Mapping[str, str], access: Iterable[Mapping[str, Any]], taken: Collection[str], without: Collection[str]
) -> dict[str, str]:
    """The keys with one for each other service principal of these access lists: its display name, in lower case.

    `without` are application ids that get none: the deployer's, and those of principals that the stack creates.
    """
    keys, used = dict(known), {*taken, *known.values()}
    names: dict[str, str] = {}
    for each in access:
        names |= principal_names(each)
    for application_id, name in sorted(names.items(), key=lambda each: (each[1].lower(), each[0])):
        if application_id in keys or application_id in without or not re.fullmatch(APPLICATION_ID, application_id):
            continue
        keys[application_id] = _free(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or _NAMELESS, used)
        used.add(keys[application_id])
    return keys


def principals_section(entries: Iterable[Entry], destination: Destination) -> dict[str, dict[str, str]]:
    """The `service_principals` that the entries refer to and the stack doesn't declare, by key."""
    named = {name for entry in entries for name in _named(entry)}
    declared = destination.spec.service_principals
    new = {key: each for each, key in destination.principals.items() if key in named and key not in declared}
    return {key: {"application_id": new[key]} for key in sorted(new)}


def _named(entry: Entry) -> Iterator[str]:
    permissions = entry.fields.get("permissions") or []
    limits = (entry.fields.get("ai_gateway") or {}).get("rate_limits") or []
    yield from (each["service_principal"] for each in permissions if "service_principal" in each)
    yield from (each["principal"] for each in limits if each.get("key") == "service_principal")


def _free(key: str, used: Collection[str]) -> str:
    numbered = (f"{key}-{number}" for number in range(2, len(used) + 3))
    return key if key not in used else next(each for each in numbered if each not in used)
