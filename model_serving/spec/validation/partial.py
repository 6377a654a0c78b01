"""What is left of a stack to check rules on when some of its values are wrong, so that one mistake hides no other.

As little as possible is left out: a key, an item, a map around what is required. What others refer to by name, a served
entity, has a stand-in. What a rule then says of the very thing that is wrong, or of a field that may be there under an
unknown key, is not reported.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.validation.suggestions import closest
from model_serving.spec.vocabulary.stack import Stack

_ENTITY_STAND_IN: Final = {"entity": "system.ai.stand_in"}
_PERMISSION_STAND_IN: Final = {"group": "stand in", "level": "CAN_VIEW"}
_KEY_PART: Final = "[key]"
"""How pydantic ends the location of an error in a key of a map."""

_ITEMS: Final = ("endpoints", "service_principals")
_ITEM, _FIELD, _PART = 2, 3, 4
_DEEPEST: Final = 50


@dataclass(frozen=True)
class InvalidValue:
    """One value that can't be what its field takes, and what pydantic says of it."""

    path: FieldPath
    error: ErrorDetails

    @property
    def is_key(self) -> bool:
        return self.error["loc"][-1] == _KEY_PART

    @property
    def kind(self) -> str:
        return self.error["type"]


def invalid_values(data: dict[str, Any]) -> list[InvalidValue]:
    """What is wrong with each value by itself."""
    try:
        Stack.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return [InvalidValue(tuple(part for part in detail["loc"] if part != _KEY_PART), detail) for detail in details]
    return []


@dataclass
class ValidPart:
    """The sound part of a stack's data, and what was taken from it.

    `taken` are the values that were wrong, `loose` the maps that had an unknown key.
    """

    data: dict[str, Any]
    written: dict[str, Any]
    taken: set[FieldPath] = field(default_factory=set)
    loose: set[FieldPath] = field(default_factory=set)

    @property
    def judges_references(self) -> bool:
        """Whether references can be judged: not where what they refer to is wrong, or may be under an unknown key."""
        unknown = [str(key) for key in self.written if key not in Stack.model_fields]
        hidden = {closest(key, _ITEMS) for key in unknown} - set(self.written)
        return hidden.isdisjoint(_ITEMS) and not any((item,) in self.taken for item in _ITEMS)

    def tells(self, finding: Problem) -> bool:
        """Whether a finding is about something that is really there, and not a consequence of what was taken."""
        path = finding[0]
        if any(path[:end] in self.taken for end in range(1, len(path) + 1)):
            return False
        return not self._follows(path) and not self._may_be_there(path)

    def _follows(self, path: FieldPath) -> bool:
        """Whether something within what the finding is about was taken; an endpoint's is about its name."""
        if len(path) == _ITEM and path[0] == "endpoints":
            return not self.taken.isdisjoint({(*path, "name"), ("name_prefix",)})
        return any(taken[: len(path)] == path for taken in self.taken)

    def _may_be_there(self, path: FieldPath) -> bool:
        """Whether what a finding misses may be under an unknown key of the same map."""
        for loose in self.loose:
            if path[: len(loose)] == loose:
                is_endpoint = len(loose) == _ITEM and loose[0] == "endpoints"
                if path == loose and not is_endpoint:
                    return True
                if len(path) > len(loose) and path[len(loose)] not in (_at(self.written, loose) or ()):
                    return True
        return False


def valid_part(data: dict[str, Any], wrong: list[InvalidValue]) -> ValidPart:
    """The data without what is wrong; it makes a Stack."""
    sound = ValidPart(_copied(data), data)
    around = 0
    while wrong:
        for each in sorted(wrong, key=lambda each: not each.is_key):
            _take(sound, each, around)
        wrong, around = invalid_values(sound.data), around + 1
        assert around < _DEEPEST, f"Something is left out each time; still wrong: {[each.path for each in wrong]}"
    return sound


def _take(sound: ValidPart, wrong: InvalidValue, around: int) -> None:
    """Leave a value out; what can't be without it goes too, one map or list more with each time `around`."""
    path = wrong.path
    if wrong.kind == "extra_forbidden":
        sound.loose.add(path[:-1])
        _drop(sound.data, path)
    elif path[0] == "endpoints" and len(path) >= _FIELD and path[2] == "served_entities" and len(path) <= _PART:
        _take_entity(sound, wrong)
    elif path[0] == "endpoints" and len(path) > _PART and path[2] == "permissions" and isinstance(path[3], int):
        _take_permission(sound, path[:_PART])
    else:
        shorter = max(1, len(path) - around - (wrong.kind == "missing"))
        _drop_around(sound, path[:shorter])
        if path[-1] == "version":
            sound.taken.add((*path[:-1], "entity"))


def _take_entity(sound: ValidPart, wrong: InvalidValue) -> None:
    """A served entity, or all of them. Traffic refers to entities by name: where one has no name it can't be judged."""
    path = wrong.path
    endpoint = _at(sound.data, path[:_ITEM])
    if not isinstance(endpoint, dict):
        return
    if len(path) == _PART and not wrong.is_key:
        endpoint["served_entities"][path[3]] = _ENTITY_STAND_IN
        sound.taken.add(path)
        return
    left = endpoint.get("served_entities") if len(path) == _PART else None
    named = {name: entity for name, entity in (left or {}).items() if name != path[-1]}
    endpoint["served_entities"] = named or {"stand_in": _ENTITY_STAND_IN}
    endpoint.pop("traffic", None)
    sound.taken |= {path, (*path[:_ITEM], "traffic")}


def _take_permission(sound: ValidPart, path: FieldPath) -> None:
    permissions = _at(sound.data, path[:-1])
    if isinstance(permissions, list):
        permissions[int(path[-1])] = _PERMISSION_STAND_IN
        sound.taken.add(path)


def _drop_around(sound: ValidPart, path: FieldPath) -> None:
    """Leave out the value, or the list that it is an item of: the others would get its position."""
    while not _drop(sound.data, path) and len(path) > 1:
        path = path[:-1]
    sound.taken.add(path)


def _drop(data: dict[str, Any], path: FieldPath) -> bool:
    around = _at(data, path[:-1])
    if not isinstance(around, dict) or path[-1] not in around:
        return False
    del around[str(path[-1])]
    return True


def _at(value: Any, path: FieldPath) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _copied(value: Any) -> Any:
    """Maps and lists copied, as deep as they go; what is in them is the same."""
    if isinstance(value, dict):
        return {key: _copied(child) for key, child in value.items()}
    return [_copied(child) for child in value] if isinstance(value, list) else value
