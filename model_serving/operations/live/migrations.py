"""The role of an endpoint during a migration: the successor, or the predecessor that its callers leave."""

from collections.abc import Iterator
from typing import Any, Final

from model_serving.operations.live.extra import Extra
from model_serving.operations.live.status import EndpointStatus
from model_serving.operations.live.targets import Targets

Json = dict[str, Any]


def _read(targets: Targets, status: EndpointStatus) -> Json | None:
    """The role and the name of the other endpoint; None outside of a migration."""
    target = targets.endpoints.get(status.key)
    if target is None or not (target.counterpart or target.is_predecessor):
        return None
    role = "predecessor" if target.is_predecessor else "successor"
    return {"role": role, "counterpart": target.counterpart, "key": target.base_key, "stack": targets.stack}


def _lines(value: Json) -> Iterator[str]:
    name = f" of {value['counterpart']}" if value["counterpart"] else ""
    if value["role"] == "successor":
        yield f"successor{name}, which answers until it is retired"
    else:
        yield f"predecessor{name}. Who still calls it: {_status(value)}"


def _notice(value: Json) -> str | None:
    """The line below the table, for the predecessor alone: what is left to do."""
    if value["role"] == "successor":
        return None
    name = f" to {value['counterpart']}" if value["counterpart"] else ""
    return f"predecessor: its callers move{name}. Who still calls it: {_status(value)}"


def _status(value: Json) -> str:
    return f"model-serving migrate {value['key']} --status --stack {value['stack']}"


MIGRATION: Final = Extra("migration", _read, _lines, notice=_notice)
