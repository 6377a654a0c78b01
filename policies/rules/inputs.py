"""Reading a resource's inputs: a value is present, absent, or not known yet, and a rule must say what each means.

The SDK's proxies raise on any touch of an unknown value, and the engine then turns even a mandatory rule into an
advice. So the inputs are taken out of the proxies first, and an unknown is a value like others: `UNKNOWN`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from pulumi_policy import proxy
from pulumi_policy.deserialize import serialize_properties

MODEL_SERVING = "databricks:index/modelServing:ModelServing"
PROVISIONED_THROUGHPUT = "databricks:index/modelServingProvisionedThroughput:ModelServingProvisionedThroughput"


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""Depends on something that is not there yet: known only during `up`."""

_SENTINELS = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a special value on Pulumi's wire; a secret is one, with its value beside it."""


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as plain data: proxies and secrets taken off, unknown values as UNKNOWN."""
    result = _plain(serialize_properties(properties))
    assert isinstance(result, dict), "A resource's inputs are a map"
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in _SENTINELS else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if _SIGNATURE in value:
            return _plain(value.get("value"))
        return {key: _plain(item) for key, item in value.items()}
    return value


def at(inputs: Any, *path: str) -> Any:
    """The value at a path of maps: itself, None where it is absent, UNKNOWN where it or a map above it is."""
    for key in path:
        if inputs is UNKNOWN:
            return UNKNOWN
        inputs = inputs.get(key) if isinstance(inputs, dict) else None
    return inputs
