"""Validate the valid part of an invalid stack, so that one mistake hides no other.

As little as possible is removed: a key, an item, or a map that lacks what is required. A served entity, which others
refer to by name, is replaced by a stand-in. Rules then run on the rest; a problem is not reported where it follows from
what was removed, or concerns a field that may be there under an unknown key.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.validation.predecessor_rules import endpoint_path
from model_serving.spec.validation.suggestions import closest
from model_serving.spec.vocabulary.stack import Stack

_ENTITY_STAND_IN: Final = {"entity": "system.ai.stand_in"}
_PERMISSION_STAND_IN: Final = {"group": "stand in", "level": "CAN_VIEW"}
_ROLLOUT_STAND_INS: Final = {
    "steps": [1],
    "bake": "1s",
    "against": "stand_in",
    "requests": "stand_in",
    "agreement_at_least": "1%",
}
"""What a rollout and the parts of its gate require."""

_KEY_PART: Final = "[key]"
"""How pydantic ends the location of an error in a key of a map."""

_REFERRED_TO: Final = ("endpoints", "service_principals")
_MOST_ROUNDS: Final = 50
_ENTITY: Final = len(("endpoints", "fraud", "served_entities", "champion"))


@dataclass(frozen=True)
class InvalidValue:
    """One value that its field doesn't accept, with pydantic's error."""

    path: FieldPath
    error: ErrorDetails

    @property
    def is_key(self) -> bool:
        """Whether the error is in a key of a map, not in its value."""
        return self.error["loc"][-1] == _KEY_PART


@dataclass
class ValidPart:
    """The valid part of a stack's data.

    `invalid` are all values that are wrong by themselves, `removed` the paths of what was removed because of them, and
    `open_maps` the paths of maps with an unknown key.
    """

    declared: dict[str, Any]
    data: dict[str, Any]
    stack: Stack = field(default_factory=Stack)
    invalid: list[InvalidValue] = field(default_factory=list)
    removed: set[FieldPath] = field(default_factory=set)
    open_maps: set[FieldPath] = field(default_factory=set)

    @property
    def has_all_names(self) -> bool:
        """Whether references can be checked: not where their targets are invalid, or may be under an unknown key."""
        unknown = [str(key) for key in self.declared if key not in Stack.model_fields]
        hidden = {closest(key, _REFERRED_TO) for key in unknown} - set(self.declared)
        return hidden.isdisjoint(_REFERRED_TO) and self.removed.isdisjoint((name,) for name in _REFERRED_TO)

    def is_reported(self, problem: Problem) -> bool:
        """Whether a problem concerns what is declared, and does not follow from what was removed."""
        path = problem[0]
        if (same := endpoint_path(path)) and not self.is_reported((same, *problem[1:])):
            return False
        if any(path[:end] in self.removed for end in range(1, len(path) + 1)):
            return False
        return not self._lost_a_part(path) and not self._may_be_misspelled(path)

    def _lost_a_part(self, path: FieldPath) -> bool:
        """Whether something was removed from what a problem concerns. A problem of an endpoint concerns its name."""
        match path:
            case ("endpoints", _):
                return not self.removed.isdisjoint({(*path, "name"), ("name_prefix",)})
            case _:
                return any(removed[: len(path)] == path for removed in self.removed)

    def _may_be_misspelled(self, path: FieldPath) -> bool:
        """Whether a missing field may be there under an unknown key of the same map."""
        for around in self.open_maps:
            match path[: len(around)] == around, path[len(around) :], around:
                case True, (), ("endpoints", _):
                    continue
                case True, (), _:
                    return True
                case True, (key, *_), _ if key not in (_at(self.declared, around) or ()):
                    return True
        return False


def valid_part(data: dict[str, Any]) -> ValidPart:
    """The stack of this data without what is invalid."""
    part = ValidPart(data, data)
    for around in range(_MOST_ROUNDS):
        try:
            part.stack = Stack.model_validate(part.data)
        except ValidationError as error:
            invalid = _without_repeated([_invalid_value(detail) for detail in error.errors(include_url=False)])
        else:
            return part
        if not part.invalid:
            part.invalid, part.data = invalid, deepcopy(data)
        for each in sorted(invalid, key=lambda each: not each.is_key):
            _remove(part, each, around)
    raise AssertionError(f"Something is removed in each round; still invalid: {[each.path for each in invalid]}")


def _without_repeated(invalid: list[InvalidValue]) -> list[InvalidValue]:
    """Without what a predecessor takes from its endpoint, where it is invalid already."""
    known = {(each.path, each.error["type"]) for each in invalid}
    return [each for each in invalid if (endpoint_path(each.path), each.error["type"]) not in known]


def _invalid_value(detail: ErrorDetails) -> InvalidValue:
    return InvalidValue(tuple(part for part in detail["loc"] if part != _KEY_PART), detail)


def _remove(part: ValidPart, invalid: InvalidValue, around: int) -> None:
    """Remove a value and what can't be without it: one more map or list around it with each round (`around`)."""
    kind = invalid.error["type"]
    match invalid.path:
        case (*inside, _) if kind == "extra_forbidden":
            part.open_maps.add(tuple(inside))
            _drop(part.data, invalid.path)
        case ("endpoints", _, "served_entities", _) if not invalid.is_key:
            _replace(part, invalid.path, _ENTITY_STAND_IN)
        case ("endpoints", _, "served_entities", *_) if len(invalid.path) <= _ENTITY:
            _remove_entity_name(part, invalid.path)
        case ("endpoints", _, "permissions", int(), _, *_):
            _replace(part, invalid.path[:_ENTITY], _PERMISSION_STAND_IN)
        case ("endpoints", _, "rollout", *inside) if name := _required(inside):
            _replace(part, invalid.path[: invalid.path.index(name) + 1], _ROLLOUT_STAND_INS[name])
        case path:
            _drop_around(part, path[: max(1, len(path) - around - (kind == "missing"))])
            if path[-1] == "version":
                part.removed.add((*path[:-1], "entity"))


def _required(inside: list[Any]) -> str:
    """The required field that a path within a rollout leads to or into; empty for an optional one."""
    return next((name for name in inside if name in _ROLLOUT_STAND_INS), "")


def _replace(part: ValidPart, path: FieldPath, stand_in: Any) -> None:
    around: Any = _at(part.data, path[:-1])
    if around is not None:
        around[path[-1]] = stand_in
        part.removed.add(path)


def _remove_entity_name(part: ValidPart, path: FieldPath) -> None:
    """Remove a served entity whose name is invalid, or all of them, and the traffic, which refers to their names."""
    _, key, _, *name = path
    endpoint = _at(part.data, ("endpoints", key))
    if endpoint is None:
        return
    entities = endpoint.get("served_entities") if name else None
    others = {each: entity for each, entity in (entities or {}).items() if each not in name}
    endpoint["served_entities"] = others or {"stand_in": _ENTITY_STAND_IN}
    endpoint.pop("traffic", None)
    part.removed |= {path, ("endpoints", key, "traffic")}


def _drop_around(part: ValidPart, path: FieldPath) -> None:
    """Remove the value, or the list that it is an item of: without it, later items would change their positions."""
    while not _drop(part.data, path) and len(path) > 1:
        path = path[:-1]
    part.removed.add(path)


def _drop(data: dict[str, Any], path: FieldPath) -> bool:
    around = _at(data, path[:-1])
    if not isinstance(around, dict) or path[-1] not in around:
        return False
    del around[str(path[-1])]
    return True


def _at(value: Any, path: FieldPath) -> Any:
    """The value at a path, or None."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
