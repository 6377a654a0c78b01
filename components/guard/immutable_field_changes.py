"""What can't be changed on a live endpoint, found between two sets of inputs, and the error that says so.

Pure: nothing is registered or read. The rows come from the field contract: `immutable` fields are chosen when an
endpoint is created, and `handling: refused` without a `call` is what nothing changes. To change one, the endpoint is
replaced.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_serving.contract.rows import Field, Handling, OnChange, fields

UNKNOWN: Final = object()
"""Stands for a value that is known only once another resource has been created: at preview."""


@dataclass(frozen=True)
class Difference:
    """An immutable field whose desired value is another than the live one."""

    field: Field
    was: Any
    wanted: Any


def immutable_fields() -> list[Field]:
    """The fields of a serving endpoint that a live one keeps, in the field contract's order."""
    return [field for field in fields("model_serving") if field.immutable or _is_never_sent(field)]


def _is_never_sent(field: Field) -> bool:
    return field.handling is Handling.REFUSED and field.call is None


def replaced_on_change() -> list[str]:
    """Those that the provider doesn't replace by itself, as paths for Pulumi's `replace_on_changes`."""
    return [field.path.replace(".*", "[*]") for field in immutable_fields() if field.on_change is not OnChange.REPLACE]


def differences(old: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Difference]:
    """The immutable fields that differ, in the field contract's order.

    A value that isn't known yet is no difference: it is known when `up` comes to the endpoint, before it is touched.
    """
    for field in immutable_fields():
        before, after = _value(field, old), _value(field, wanted)
        if before != after and UNKNOWN not in (before, after):
            yield Difference(field, before, after)


def _value(field: Field, inputs: Any) -> Any:
    """The field's value, absent, empty and false being one; for items of a list, whether one of them has it."""
    found = list(_at(inputs, field.path.split(".")))
    if UNKNOWN in found:
        return UNKNOWN
    if "*" in field.path:
        return any(value is not None for value in found)
    return (found[0] or None) if found else None


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path or value is UNKNOWN:
        yield value
    elif path[0] == "*":
        for item in value if isinstance(value, list) else []:
            yield from _at(item, path[1:])
    elif isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])


def refusal(name: str, endpoint_id: str, found: Sequence[Difference], allowed_id: str | None = None) -> str:
    """The error for an endpoint that would be replaced, or whose change would not be sent.

    `allowed_id` is the `replace_id` that is declared, if any: it is not this endpoint's id.
    """
    lines = [_headline(name, endpoint_id, found)]
    lines += [f"  {it.field.path}: {_shown(it.was)} -> {_shown(it.wanted)}: {it.field.reason}" for it in found]
    is_dropped = found and all(_is_never_sent(each.field) for each in found)
    lines += [_DROPPED if is_dropped else _REPLACED]
    lines += [
        "If an outage is acceptable, let the reviewer see it: write",
        f"`replace_id: {endpoint_id}` on the endpoint in the stack's own file",
        "and run the same command again. It deletes this one endpoint, creates it again and sets its permissions.",
        "Remove the line afterwards: it allows nothing more",
    ]
    if allowed_id:
        lines += [f"`replace_id: {allowed_id}` is declared, which is another endpoint's id"]
    return "\n".join(lines)


def _headline(name: str, endpoint_id: str, found: Sequence[Difference]) -> str:
    if found:
        return f'Endpoint "{name}" (id {endpoint_id}) can\'t be changed in this way while it is live:'
    return f'Endpoint "{name}" (id {endpoint_id}) is live and would be replaced without a change that needs it.'


_REPLACED: Final = """\
Pulumi would delete the endpoint and create another: an outage until that is ready, another URL and id, callers without
permissions until they are set again, and whoever runs this as its creator. Instead, declare a second endpoint under a
new name, move the callers, then remove the first."""

_DROPPED: Final = """\
The Databricks provider would report the change as done and send nothing. Write the old value again."""


def _shown(value: Any) -> str:
    return "not set" if value is None else json.dumps(value)
