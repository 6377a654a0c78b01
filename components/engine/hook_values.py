"""Plain values of a resource hook's arguments: the engine passes secrets as outputs."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.output import Unknown

from model_serving.spec.files.secrets import Secret

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


async def resolve_hiding_secrets(value: Any) -> Any:
    """As `resolve`, with a Secret for each secret text: it compares as the text, and messages show `[secret]`."""
    if isinstance(value, pulumi.Output) and await value.is_secret():
        return _as_secret(await resolve(value))
    if isinstance(value, pulumi.Output):
        return await resolve_hiding_secrets(await value.future()) if await value.is_known() else UNKNOWN
    if isinstance(value, Mapping):
        return {key: await resolve_hiding_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [await resolve_hiding_secrets(item) for item in value]
    return await resolve(value)


def _as_secret(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_secret(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_secret(item) for item in value]
    return Secret(value) if isinstance(value, str) else value


def is_known(value: Any) -> bool:
    """Whether the value contains no UNKNOWN."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return value is not UNKNOWN
