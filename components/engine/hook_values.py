"""Plain values of a resource hook's arguments: the engine passes secrets as outputs."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.output import Unknown

UNKNOWN: Final = object()
"""A value that the engine learns only when another resource is created."""


async def resolve(value: Any) -> Any:
    """The value with every output in it resolved, or UNKNOWN in place of an output whose value is not known."""
    if isinstance(value, pulumi.Output):
        return await resolve(await value.future()) if await value.is_known() else UNKNOWN
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: await resolve(item) for key, item in value.items()}
    if isinstance(value, list):
        return [await resolve(item) for item in value]
    return value


def is_known(value: Any) -> bool:
    """Whether the value contains no UNKNOWN."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return value is not UNKNOWN
