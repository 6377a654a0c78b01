"""The immutable fields in which two sets of an endpoint's inputs differ, and the error message for them.

Nothing is registered or read. The field contract names the fields. To change one, the endpoint must be replaced.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from model_serving.components.engine.hook_values import UNKNOWN
from model_serving.contract.immutable_fields import immutable_fields, is_never_sent
from model_serving.contract.message_parts import MessageParts
from model_serving.contract.replacement import (
    DeclaredPlace,
    explain_alternative,
    explain_replace_id,
    explain_replacement,
)
from model_serving.contract.rows import Field, OnChange
from model_serving.spec.field_names import stack_file_keys, stack_file_path
from model_serving.spec.files.secrets import is_secret


@dataclass(frozen=True)
class ImmutableFieldChange:
    """An immutable field with its old and its desired value."""

    field: Field
    old: Any
    desired: Any


def replace_on_changes() -> list[str]:
    """The immutable fields that the provider would not replace by itself, for Pulumi's `replace_on_changes`."""
    return [field.path.replace(".*", "[*]") for field in immutable_fields() if field.on_change is not OnChange.REPLACE]


def immutable_field_changes(old: Mapping[str, Any], desired: Mapping[str, Any]) -> Iterator[ImmutableFieldChange]:
    """The immutable fields that differ, in the field contract's order. Absent, empty and false are the same.

    A field whose value is UNKNOWN does not count: `up` compares it again before it touches the endpoint.
    """
    for field in immutable_fields():
        before, after = _value(field, old), _value(field, desired)
        if (before or None) != (after or None) and UNKNOWN not in (before, after):
            yield ImmutableFieldChange(field, before, after)


def _value(field: Field, inputs: Any) -> Any:
    """The field's value, None if it is absent. For list items: whether any item has the field."""
    values = list(_values_at(inputs, field.path.split(".")))
    if UNKNOWN in values:
        return UNKNOWN
    if "*" in field.path:
        return any(value is not None for value in values)
    return values[0] if values else None


def _values_at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path or value is UNKNOWN:
        yield value
    elif path[0] == "*":
        for item in value if isinstance(value, list) else []:
            yield from _values_at(item, path[1:])
    elif isinstance(value, Mapping):
        yield from _values_at(value.get(path[0]), path[1:])


def refusal(
    name: str,
    endpoint_id: str,
    changes: Sequence[ImmutableFieldChange],
    allowed_id: str | None = None,
    place: DeclaredPlace | None = None,
) -> str:
    """The error for an endpoint that would be replaced, or whose change would not be sent.

    `allowed_id` is the `replace_id` that is declared, if any: it is not this endpoint's id. `place` is where stack
    files declare the endpoint.
    """
    lines = [_headline(name, changes)]
    lines += [f"  {_name(each)}: {_shown(each.old)} -> {_shown(each.desired)}: {each.field.reason}" for each in changes]
    is_dropped = changes and all(is_never_sent(each.field) for each in changes)
    lines += [_DROPPED if is_dropped else explain_replacement()]
    if allowed_id:
        lines += [f"`replace_id: {allowed_id}` is declared, which is another endpoint's id"]
    options = list(_migrate_options(changes))
    alternatives = [] if is_dropped and not options else [explain_alternative(place, options)]
    fixes = (*_restored(changes), *alternatives, explain_replace_id(endpoint_id))
    return str(MessageParts("\n".join(lines), _field(changes), fixes))


def _name(change: ImmutableFieldChange) -> str:
    """The field under its name in a stack file: `served_entities.*.external_model`."""
    return stack_file_path(tuple("[*]" if part == "*" else part for part in change.field.path.split(".")))


def _field(changes: Sequence[ImmutableFieldChange]) -> tuple[str, ...]:
    """The first of the fields, or the field that holds it."""
    path = changes[0].field.path.partition(".*")[0].split(".") if changes else []
    return stack_file_keys(tuple(path)) if path else ()


def _restored(changes: Sequence[ImmutableFieldChange]) -> Iterator[str]:
    """The edit that takes each change back."""
    for each in changes:
        if "*" in each.field.path:
            yield f"{'Restore' if each.old else 'Remove'} `{_name(each)}`"
        elif each.old is None:
            yield f"Remove `{_name(each)}`"
        else:
            yield f"Restore `{_name(each)}: {_shown(each.old)}`"


def _migrate_options(changes: Sequence[ImmutableFieldChange]) -> Iterator[str]:
    """The options of `model-serving migrate` for these changes; none if one of them can't be written as an option."""
    texts = [None if is_secret(each.desired) or "*" in each.field.path else _option(each) for each in changes]
    yield from (text for text in texts if text) if all(texts) else ()


def _option(change: ImmutableFieldChange) -> str:
    if change.field.path == "name":
        return f"--name {shlex.quote(str(change.desired))}"
    value = change.desired
    plain = value if isinstance(value, str) and yaml.safe_load(value) == value else json.dumps(value)
    return f"--set {shlex.quote(f'{_name(change)}={plain}')}"


def _headline(name: str, changes: Sequence[ImmutableFieldChange]) -> str:
    if changes:
        return f'Endpoint "{name}" can\'t be updated in place:'
    return f'Endpoint "{name}" would be replaced, and no change needs it.'


_DROPPED: Final = "The Databricks provider would report the change as done and send nothing"


def _shown(value: Any) -> str:
    if is_secret(value):
        return str(value)  # as JSON it would be the text itself
    return "not set" if value is None else json.dumps(value)
