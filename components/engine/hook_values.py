"""What a resource hook is given, as plain values: the engine hands secrets over as outputs."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.output import Unknown

from model_serving.components.guard.immutable_field_changes import UNKNOWN


async def plain(value: Any) -> Any:
    """The value with every output in it resolved; UNKNOWN where that can't be done yet."""
    if isinstance(value, pulumi.Output):
        return await plain(await value.future()) if await value.is_known() else UNKNOWN
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: await plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [await plain(item) for item in value]
    return value


def is_known(value: Any) -> bool:
    """Whether there is no UNKNOWN in it."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return value is not UNKNOWN
