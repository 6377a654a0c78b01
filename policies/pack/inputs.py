"""Reading a resource's inputs: a value is present, absent, or not known yet, and a rule must say what each means.

On Pulumi's wire an unknown value is one of seven fixed texts. The SDK's own proxies raise on any touch of one, and a
mandatory rule that does so becomes an advice. Here an unknown is a value like others: `UNKNOWN`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

MODEL_SERVING: Final = "databricks:index/modelServing:ModelServing"
PROVISIONED_THROUGHPUT: Final = "databricks:index/modelServingProvisionedThroughput:ModelServingProvisionedThroughput"
PERMISSIONS: Final = "databricks:index/permissions:Permissions"
PROVIDER: Final = "pulumi:providers:databricks"
STACK: Final = "pulumi:pulumi:Stack"


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""Depends on something that is not there yet: known only during `up`."""

SENTINELS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""The seven texts. Source: pulumi_policy.proxy, which isn't imported: rules are read without Pulumi too."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a special value on Pulumi's wire; a secret is one, with its value beside it."""


def from_wire(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they come over the wire, as plain data."""
    return {key: _plain(value) for key, value in properties.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in SENTINELS else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if _SIGNATURE in value:
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
