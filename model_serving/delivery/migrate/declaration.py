"""What a stack file declares before and after each step of a migration. Nothing is read or written here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from model_serving.delivery.endpoint_edit import Data
from model_serving.delivery.migrate.settings import Setting, default_of, with_settings
from model_serving.spec.succession import PREDECESSOR
from model_serving.spec.vocabulary.predecessor import laid_over

NAME: Final = "name"
PROTECT: Final = "protect"
LIVE_IDS: Final = ("replace_id", "adopt_id")
"""Fields with the id of a live endpoint: they are about the predecessor, and would force or break the next step."""

_TABLES: Final = (("auto_capture",), ("ai_gateway", "inference_table"))
_PREFIX: Final = "table_name_prefix"


def started(endpoint: Data, key: str, name: str, settings: Sequence[Setting]) -> Data:
    """The endpoint as the successor of that name, and what it was as its predecessor."""
    before = {field: value for field, value in endpoint.items() if field not in LIVE_IDS}
    after = with_settings(before, [*settings, *_tables_of_its_own(before, name, settings)])
    return {NAME: name} | after | {NAME: name, PREDECESSOR: _predecessor(before, after, key)}


def swapped(endpoint: Data, key: str) -> Data:
    """The endpoint with its predecessor as the successor: the way back."""
    own, back = without_predecessor(endpoint), _previous(endpoint, key)
    return {**back, PREDECESSOR: _predecessor(own, back, key)}


def without_successor(endpoint: Data, key: str) -> Data:
    """The endpoint as its predecessor was, alone: for a successor that was never created."""
    back = _previous(endpoint, key)
    return {field: value for field, value in back.items() if field != NAME or value != key}


def without_predecessor(endpoint: Data) -> Data:
    """The endpoint with its predecessor retired."""
    return {field: value for field, value in endpoint.items() if field not in (PREDECESSOR, *LIVE_IDS)}


def without_protection(endpoint: Data) -> Data:
    """The endpoint with a predecessor that may be deleted."""
    return {**endpoint, PREDECESSOR: {**endpoint[PREDECESSOR], PROTECT: False}}


def _previous(endpoint: Data, key: str) -> Data:
    """The endpoint as its predecessor is, but for its protection, which is a part of its retirement."""
    overrides = {field: value for field, value in endpoint[PREDECESSOR].items() if field != PROTECT}
    return laid_over(without_predecessor(endpoint), {NAME: key} | overrides)


def _predecessor(before: Data, after: Data, key: str) -> Data:
    """What is written in the predecessor so that it is as before, under its name."""
    overrides = _overrides(before, after, ())
    return {NAME: before.get(NAME) or key} | {field: value for field, value in overrides.items() if field != NAME}


def _tables_of_its_own(endpoint: Data, name: str, settings: Sequence[Setting]) -> list[Setting]:
    """New prefixes of inference tables whose explicit ones both endpoints would share."""
    found = []
    for path in _TABLES:
        table: Any = endpoint
        for part in path:
            table = table.get(part) if isinstance(table, Mapping) else None
        is_set = any((*path, _PREFIX)[: len(each.path)] == each.path for each in settings)
        if isinstance(table, Mapping) and table.get(_PREFIX) and not is_set:
            found.append(Setting((*path, _PREFIX), name))
    return found


def _overrides(before: Data, after: Data, path: tuple[str, ...]) -> Data:
    """What is written in the predecessor so that, laid over `after`, it gives `before`."""
    found: Data = {}
    for field in after:
        old, new = before.get(field), after[field]
        if field not in before:
            found[field] = default_of((*path, field))
        elif old != new:
            below = (*path, field)
            found[field] = _overrides(old, new, below) if isinstance(old, dict) and isinstance(new, dict) else old
    return found | {field: value for field, value in before.items() if field not in after}
