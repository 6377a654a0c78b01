"""The fields of a stack file in the workspace's answers: the inverse of `components/inputs.py`.

Both are derived from the vocabulary, where a field's `serialization_alias` is the provider's name and place of it; the
API has the same place under a name in snake_case.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo

from model_serving.databricks.naming import api_name
from model_serving.spec.introspection import bare, provider_path
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.stack import ServedEntity

_ABSENT: Final[tuple[Any, ...]] = (None, "", [], {}, False)
"""What the service answers for a setting that isn't there."""


def live_fields(kind: type[Model], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a model of the vocabulary in an answer of the API; those that have their default are left out."""
    found: dict[str, Any] = {}
    skipped = _skipped(kind, answer)
    for each in _fields(kind):
        value = None if each.name == skipped else _at(answer, each.place)
        if value in (None, "") or (value := _declared(each.type, value)) in (None, each.default):
            continue
        found[each.name] = value
    return found


class _Field(NamedTuple):
    """A field that a read returns: its name, its place in the answer, its bare type and its default."""

    name: str
    place: tuple[str, ...]
    type: Any
    default: Any


@functools.cache
def _fields(kind: type[Model]) -> tuple[_Field, ...]:
    """The fields that a component sends, so that a read returns them. They are looked up once: stacks are large."""
    return tuple(
        _Field(name, _place(field), bare(field.annotation), _default(field))
        for name, field in kind.model_fields.items()
        if not field.exclude
    )


def _skipped(kind: type[Model], answer: Mapping[str, Any]) -> str:
    """The one of two fields with the same place that the answer doesn't mean; empty for other models.

    A model and a feature spec have the same place: an entity without a version is a feature spec. Source: product
    documentation, feature serving.
    """
    return ("entity" if not answer.get("entity_version") else "feature_spec") if kind is ServedEntity else ""


def unmapped(kind: type[Model], answer: Mapping[str, Any], outputs: frozenset[str], around: str = "") -> list[str]:
    """The places of an answer that have a value and no field in the vocabulary. `outputs` are those of the service."""
    places = {_place(field): field for field in _readable(kind, answer).values()}
    return [
        place
        for name, value in answer.items()
        if value not in _ABSENT and f"{around}{name}" not in outputs
        for place in _unmapped_at((name,), value, places, outputs, around)
    ]


def _unmapped_at(
    path: tuple[str, ...],
    value: Any,
    places: Mapping[tuple[str, ...], FieldInfo],
    outputs: frozenset[str],
    around: str,
) -> list[str]:
    where = around + ".".join(path)
    if where in outputs or value in _ABSENT:
        return []
    if path in places:
        kind = bare(places[path].annotation)
        inner = bare(get_args(kind)[-1]) if get_origin(kind) in (dict, list) else kind
        if not (isinstance(inner, type) and issubclass(inner, Model)):
            return []
        items = value if isinstance(value, list) else [value]
        return list(dict.fromkeys(each for item in items for each in unmapped(inner, item, outputs, f"{where}.")))
    if isinstance(value, Mapping) and any(place[: len(path)] == path for place in places):
        return [
            each for name, item in value.items() for each in _unmapped_at((*path, name), item, places, outputs, around)
        ]
    return [where]


def _readable(kind: type[Model], answer: Mapping[str, Any]) -> dict[str, FieldInfo]:
    """The fields that a component sends, so that a read returns them, one for each place."""
    skipped = _skipped(kind, answer)
    return {name: field for name, field in kind.model_fields.items() if not field.exclude and name != skipped}


def _place(field: FieldInfo) -> tuple[str, ...]:
    return tuple(api_name(part) for part in provider_path(field))


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def _at(answer: Any, place: tuple[str, ...]) -> Any:
    for part in place:
        answer = answer.get(part) if isinstance(answer, Mapping) else None
    return answer


def _declared(kind: Any, value: Any) -> Any:
    """A value of the API as a stack file writes a value of that type."""
    if isinstance(kind, type) and issubclass(kind, Model):
        return live_fields(kind, value) or None
    if get_origin(kind) is list:
        inner = bare(get_args(kind)[0])
        return [_declared(inner, each) for each in value]
    if get_origin(kind) is dict:
        return _declared_map(bare(get_args(kind)[1]), value)
    return value


def _declared_map(inner: Any, value: Any) -> dict[str, Any]:
    """The maps of a stack file: lists of named things, of tags, and of routes in the API, or maps there, too."""
    if inner is int:
        return _shares(value.get("routes") or [])
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(inner, type) and issubclass(inner, Model):
        return {str(each["name"]): live_fields(inner, each) for each in value}
    return {str(each["key"]): str(each.get("value") or "") for each in value}


def _shares(routes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """A route that an older client has written has `served_model_name` only."""
    return {
        str(each.get("served_entity_name") or each.get("served_model_name")): int(each.get("traffic_percentage") or 0)
        for each in routes
    }
