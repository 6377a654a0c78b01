"""Reading a resource's inputs: a value is present, absent, or not known yet, and a rule must say what each means.

On Pulumi's wire an unknown value is one of seven fixed texts. The SDK's own proxies raise on any touch of one, and a
mandatory rule that does so becomes an advice. Here an unknown is a value like others: `UNKNOWN`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from model_serving.databricks.special_values import SIGNATURE_KEY, UNKNOWN_VALUES


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""Depends on something that is not there yet: known only during `up`."""


def from_wire(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they come over the wire, as plain data."""
    return {key: _plain(value) for key, value in properties.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWN_VALUES else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if SIGNATURE_KEY in value:
            return _plain(value.get("value"))
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the wire has one kind of number
    return value


def at(inputs: Any, *path: str) -> Any:
    """The value at a path of maps: itself, None where it is absent, UNKNOWN where it or a map above it is."""
    for key in path:
        if inputs is UNKNOWN:
            return UNKNOWN
        inputs = inputs.get(key) if isinstance(inputs, dict) else None
    return inputs


def items(inputs: Any, *path: str) -> list[Any]:
    """The items of a list at a path; none where it is absent or not known yet."""
    found = at(inputs, *path)
    return found if isinstance(found, list) else []


def flag(value: Any) -> bool:
    """A boolean as the provider takes it: absent means false, and the texts "true" and "1" mean true."""
    return value.strip().lower() in ("true", "1") if isinstance(value, str) else bool(value)


def has_unknown(value: Any) -> bool:
    """Whether anything in a value is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
