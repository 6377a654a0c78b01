"""What contradicts itself in an endpoint's arguments, found by the rules of the stack files."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import BaseModel, ValidationError

from model_serving.components.args import ServingEndpointArgs
from model_serving.spec.field_path import dotted
from model_serving.spec.validation.stack_rules import endpoint_findings
from model_serving.spec.vocabulary.stack import Endpoint

_STAND_INS = {"version": "1", "application_id": "00000000-0000-0000-0000-000000000000"}
_STAND_IN = "known.by.then"
"""What an output stands for while nobody knows it: something that no rule objects to."""

_NOT_IN_A_STACK_FILE = ("permissions", "host", "preflight", "adopt")


def refuse_contradictions(name: str, args: ServingEndpointArgs) -> None:
    """Raise ValueError with all that can't be, by field. Values that aren't known yet are taken for right."""
    found = _findings(args)
    if found:
        raise ValueError("\n".join([f'Serving endpoint "{name}" can\'t be what its arguments say:', *found]))


def _findings(args: ServingEndpointArgs) -> list[str]:
    fields = {key: value for key, value in _fields(args).items() if key not in _NOT_IN_A_STACK_FILE}
    try:
        spec = Endpoint.model_validate(_plain("", fields))
    except ValidationError as error:
        return [
            f"{dotted(tuple(detail['loc']))}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
            for detail in error.errors(include_url=False, include_input=False)
        ]
    return [f"{dotted(path)}: {message}. {hint}" for path, message, hint in endpoint_findings(spec, ())]


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, pulumi.Output):
        return _STAND_INS.get(key, _STAND_IN)
    if isinstance(value, BaseModel):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(key, _fields(value))
    if isinstance(value, Mapping):
        return {name: _plain(name, inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(key, inner) for inner in value]
    return value


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
