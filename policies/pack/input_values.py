"""Values in a resource's inputs: present, absent or unknown. Each rule decides what an unknown value means.

In Pulumi's wire format an unknown value is a fixed string. The SDK's proxies raise an error on any use of one, which
turns a mandatory rule into an advisory one. Here it is a value like any other: `UNKNOWN`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from model_serving.databricks.special_values import SIGNATURE_KEY, UNKNOWN_VALUES


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that is known only during `up`."""


def from_wire(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs in Pulumi's wire format as plain data."""
    return {key: _value_from_wire(value) for key, value in properties.items()}


def _value_from_wire(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWN_VALUES else value
    if isinstance(value, list):
        return [_value_from_wire(item) for item in value]
    if isinstance(value, dict):
        if SIGNATURE_KEY in value:
            return _value_from_wire(value.get("value"))
        return {key: _value_from_wire(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the wire format has floats only
    return value


def at(inputs: Any, *path: str) -> Any:
    """The value at a path of keys; None if it is absent, UNKNOWN if it or a map above it is unknown."""
    for key in path:
        if inputs is UNKNOWN:
            return UNKNOWN
        inputs = inputs.get(key) if isinstance(inputs, dict) else None
    return inputs


def items(inputs: Any, *path: str) -> list[Any]:
    """The items of the list at a path; empty if it is absent or unknown."""
    found = at(inputs, *path)
    return found if isinstance(found, list) else []


def flag(value: Any) -> bool:
    """A boolean as the provider reads it: absent is false, the strings "true" and "1" are true."""
    return value.strip().lower() in ("true", "1") if isinstance(value, str) else bool(value)


def has_unknown(value: Any) -> bool:
    """Whether a value is, or contains, an unknown one."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
