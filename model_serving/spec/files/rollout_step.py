"""The file of one `up` of a staged rollout: the split that each endpoint gets, in place of the declared one.

`model-serving deploy`, `rollout` and `rollback` write it for the program that they run, and name it in the environment
variable MODEL_SERVING_ROLLOUT. It can set nothing but whole splits of declared endpoints and their records, which are
bookkeeping. A review ignores it: it sets the variable to `planned`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from model_serving.errors import UserError
from model_serving.spec.rollout_record import Split, record_from
from model_serving.spec.rollout_variable import PLANNED, VARIABLE
from model_serving.spec.vocabulary.stack import Endpoint, Stack

__all__ = ["PLANNED", "VARIABLE", "EndpointStep", "RolloutFileError", "RolloutStepFile", "steps_of_this_run"]

_TOTAL: Final = 100


class RolloutFileError(UserError):
    """The file that MODEL_SERVING_ROLLOUT names can't be used. Nothing was registered."""


@dataclass(frozen=True)
class EndpointStep:
    """What one `up` does to one endpoint's traffic, and what the state remembers of it."""

    traffic: Split
    record: str = ""
    """The JSON text of its Record; empty where nothing is remembered."""
    expects: str = ""
    """The revision of the record that the state must have: otherwise somebody else has gone on."""
    step: str = ""
    """The id of the step, which RolloutStep gets when the split is deployed."""


@dataclass(frozen=True)
class RolloutStepFile:
    """The file's content."""

    stack: str
    endpoints: Mapping[str, EndpointStep] = field(default_factory=dict)
    """By the endpoints' keys."""

    @property
    def text(self) -> str:
        """The file's text."""
        return json.dumps({"version": 1, **asdict(self)}, default=dict)


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    traffic: dict[str, StrictInt]
    record: str = ""
    expects: str = ""
    step: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=1)
    stack: str
    endpoints: dict[str, _Step]


def steps_of_this_run(stack: str, spec: Stack, environment: Mapping[str, str] = os.environ) -> dict[str, EndpointStep]:
    """The steps that the environment names, by the endpoint's key; none where it names no file.

    Raises RolloutFileError unless each is a whole split of an endpoint that the stack declares.
    """
    value = environment.get(VARIABLE, "").strip()
    if value in ("", PLANNED):
        return {}
    try:
        content = _File.model_validate_json(Path(value).read_bytes())
    except OSError as error:
        raise RolloutFileError(f"{VARIABLE}: {value} can't be read ({error.strerror}). {_UNSET}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise RolloutFileError(f"{VARIABLE}: {value}: {place}: {first['msg']}. {_UNSET}") from None
    faults = [f"is of stack {content.stack}, and this is {stack}"] if content.stack != stack else []
    faults += [f"{key}: {fault}" for key, each in content.endpoints.items() for fault in _faults(each, key, spec)]
    if faults:
        raise RolloutFileError("\n".join([f"{VARIABLE}: {value} can't be used. {_UNSET}:", *faults]))
    return {key: EndpointStep(**each.model_dump()) for key, each in content.endpoints.items()}


_UNSET: Final = f"`model-serving deploy` sets it for its own runs of Pulumi; otherwise unset {VARIABLE}"


def _faults(step: _Step, key: str, spec: Stack) -> list[str]:
    endpoint = spec.endpoints.get(key)
    if endpoint is None:
        return ["the stack files declare no such endpoint"]
    found = [f'"{name}" is none of its served entities' for name in step.traffic.keys() - endpoint.served_entities]
    found += [f"{name}: {share} is no percentage" for name, share in step.traffic.items() if not 0 <= share <= _TOTAL]
    if sum(step.traffic.values()) != _TOTAL:
        found.append(f"traffic sums to {sum(step.traffic.values())}, must be {_TOTAL}")
    return found + _record_faults(step, endpoint)


def _record_faults(step: _Step, endpoint: Endpoint) -> list[str]:
    if not step.record:
        return []
    if endpoint.rollout is None:
        return ["it declares no rollout, so it has no record"]
    try:
        record_from(step.record)
    except ValueError:
        return ["its record can't be read"]
    return []
