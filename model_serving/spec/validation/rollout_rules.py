"""The rules of a staged rollout that the stack files alone can break.

What depends on the live split is a policy rule: see policies/rules/rollouts.py.
"""

from collections.abc import Iterator
from typing import Final

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.validation.suggestions import suggestion
from model_serving.spec.vocabulary.rollout import INFERENCE_TABLE, Comparison, Gate, Rollout
from model_serving.spec.vocabulary.stack import Endpoint

_TOTAL: Final = 100
_SETTINGS: Final = {"requests_at_least"}
"""Fields of a gate that bound nothing by themselves."""


def rollout_problems(endpoint: Endpoint, path: FieldPath) -> Iterator[Problem]:
    """The problems of an endpoint's rollout, if it declares one."""
    rollout = endpoint.rollout
    if rollout is None:
        return
    if len(endpoint.served_entities) == 1:
        message = "there is no traffic to shift: the endpoint has a single served entity"
        yield path, message, "Add the new version as a second served entity, or remove `rollout`"
    yield from _steps(rollout, endpoint, (*path, "steps"))
    if rollout.gate:
        yield from _gate(rollout.gate, endpoint, (*path, "gate"))


def _steps(rollout: Rollout, endpoint: Endpoint, path: FieldPath) -> Iterator[Problem]:
    ascending = sorted(set(rollout.steps))
    if rollout.steps != ascending:
        message = f"must be ascending, each once; found {', '.join(map(str, rollout.steps))}"
        yield path, message, f"Write [{', '.join(map(str, ascending))}]"
    # Which entities gain depends on the live split. All but one may, so at most that one's share is not theirs.
    shares = endpoint.routes.values()
    most = _TOTAL - min(shares, default=0)
    for n, step in enumerate(rollout.steps):
        if len(endpoint.served_entities) > 1 and step >= most:
            message = f"{step} is never reached: whichever entities gain, they receive at most {most} % together"
            yield (*path, n), message, "Remove the step, or change `traffic`"


def _gate(gate: Gate, endpoint: Endpoint, path: FieldPath) -> Iterator[Problem]:
    if not gate.model_fields_set - _SETTINGS or not any(value for name, value in gate if name not in _SETTINGS):
        bounds = ", ".join(f"`{name}`" for name in Gate.model_fields if name not in _SETTINGS)
        yield path, "bounds nothing, so every step would pass", f"Set one of {bounds}, or remove `gate`"
    if gate.smoke and not endpoint.smoke:
        message = "the endpoint declares no smoke requests"
        yield (*path, "smoke"), message, "Add `smoke` requests to the endpoint, or remove this"
    if gate.compare:
        yield from _comparison(gate.compare, endpoint, (*path, "compare"))
    if gate.shadow and gate.shadow.requests != INFERENCE_TABLE:
        file = gate.shadow.requests
        if file.startswith("/") or ".." in file.split("/"):
            message = f'"{file}" is outside of the folder of the stack files'
            yield (*path, "shadow", "requests"), message, "Copy the requests there"
    if gate.shadow and gate.shadow.requests == INFERENCE_TABLE and not _records_requests(endpoint):
        message = "the endpoint declares no inference table"
        yield (*path, "shadow", "requests"), message, "Add `ai_gateway.inference_table`, or a file"


def _records_requests(endpoint: Endpoint) -> bool:
    gateway, telemetry = endpoint.ai_gateway, endpoint.telemetry_config
    table = gateway.inference_table if gateway else None
    return bool((table and table.enabled) or endpoint.auto_capture or (telemetry and telemetry.inference_table_config))


def _comparison(compare: Comparison, endpoint: Endpoint, path: FieldPath) -> Iterator[Problem]:
    name, share = compare.against, endpoint.routes.get(compare.against)
    if name not in endpoint.served_entities:
        hint = suggestion(name, endpoint.served_entities, "Served entities here")
        yield (*path, "against"), f'no served entity is called "{name}"', hint
    elif share == _TOTAL and len(endpoint.served_entities) > 1:
        others = ", ".join(each for each in endpoint.served_entities if each != name)
        message = f'"{name}" receives all traffic in the end'
        yield (*path, "against"), message, f"Compare with one that loses it: {others}"
    if compare.p95_at_most is None and compare.errors_at_most is None:
        yield path, "compares nothing", "Set `p95_at_most` or `errors_at_most`, as in 1.2x"
