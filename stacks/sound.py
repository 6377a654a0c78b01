"""What is left of a stack to check rules on when some of its values are wrong, so that one mistake hides no other.

A wrong field is left out, a wrong served entity is stood in for, since traffic refers to it by name. What a rule then
says of the very thing that is wrong, or of a field that may be there under a misspelt key, is not told.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stacks.faults import Finding
from stacks.paths import FieldPath
from stacks.spec import Stack

_STAND_IN: Final = {"entity": "system.ai.stand_in"}
_KEY_PART: Final = "[key]"
"""How pydantic ends the place of an error in a key of a map."""

_ITEMS: Final = ("endpoints", "service_principals")
_ITEM, _FIELD, _ENTITY = 2, 3, 4


@dataclass(frozen=True)
class Wrong:
    """One value that can't be what its field takes, and what pydantic says of it."""

    path: FieldPath
    error: ErrorDetails

    @property
    def is_key(self) -> bool:
        return self.error["loc"][-1] == _KEY_PART

    @property
    def kind(self) -> str:
        return self.error["type"]


def wrong_values(data: dict[str, Any]) -> list[Wrong]:
    """What is wrong with each value by itself."""
    try:
        Stack.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return [Wrong(tuple(part for part in detail["loc"] if part != _KEY_PART), detail) for detail in details]
    return []


@dataclass
class Sound:
    """The sound part of a stack's data, and what was taken from it."""

    data: dict[str, Any]
    written: dict[str, Any]
    taken: set[FieldPath] = field(default_factory=set)
    misspelt: set[FieldPath] = field(default_factory=set)

    @property
    def judges_references(self) -> bool:
        """Whether references can be judged: not where what they refer to is wrong, or may be under a misspelt key."""
        settings = {path[0] for path in self.taken if len(path) == 1}
        return not settings or (settings.isdisjoint(_ITEMS) and all(item in self.written for item in _ITEMS))

    def tells(self, finding: Finding) -> bool:
        """Whether a finding is about something that is really there, and not a consequence of what was taken."""
        path = finding[0]
        if any(path[:end] in self.taken for end in range(1, len(path) + 1)):
            return False
        item = path[:_ITEM]
        if len(path) == _ITEM:
            return not any(taken[:_ITEM] == item for taken in self.taken)
        return item not in self.misspelt or path[2] in self.written[str(item[0])][item[1]]


def sound_part(data: dict[str, Any], wrong: list[Wrong]) -> Sound:
    """The data without what is wrong; it makes a Stack."""
    sound = Sound(_copied(data), data)
    for each in sorted(wrong, key=lambda each: not each.is_key):
        _take(sound, each)
    return sound


def _take(sound: Sound, wrong: Wrong) -> None:
    path = wrong.path
    if path[0] not in _ITEMS or len(path) == 1:
        sound.data.pop(str(path[0]), None)
        sound.taken.add(path[:1])
        return
    items = sound.data.get(str(path[0]), {})
    if len(path) == _ITEM or path[1] not in items:
        items.pop(path[1], None)
        sound.taken.add(path[:_ITEM])
    elif path[2] == "served_entities":
        _take_entity(sound, items[path[1]], wrong)
    else:
        _take_field(sound, items, wrong)


def _take_field(sound: Sound, items: dict[str, Any], wrong: Wrong) -> None:
    path = wrong.path
    if wrong.kind == "extra_forbidden" and len(path) == _FIELD:
        sound.misspelt.add(path[:_ITEM])
    if wrong.kind == "missing" and len(path) == _FIELD:
        del items[str(path[1])]
    else:
        items[str(path[1])].pop(path[2], None)
    sound.taken.add(path[:_FIELD])


def _take_entity(sound: Sound, endpoint: dict[str, Any], wrong: Wrong) -> None:
    path, traffic = wrong.path, (*wrong.path[:_ITEM], "traffic")
    if path[:_ENTITY] in sound.taken:
        return
    if len(path) > _FIELD and not (wrong.is_key and len(path) == _ENTITY):
        endpoint["served_entities"][path[3]] = _STAND_IN
        sound.taken.add(path[:_ENTITY])
        return
    left = endpoint.get("served_entities") if len(path) == _ENTITY else None
    named = {name: entity for name, entity in (left or {}).items() if name != path[-1]}
    endpoint["served_entities"] = named or {"stand_in": _STAND_IN}
    endpoint.pop("traffic", None)
    sound.taken |= {path, traffic}


def _copied(value: Any) -> Any:
    """Maps copied, as deep as they go; what is in them is the same."""
    return {key: _copied(child) for key, child in value.items()} if isinstance(value, dict) else value
