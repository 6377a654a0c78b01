"""Stacks in a workspace as they declare it, made without the engine, and the state that Pulumi would keep of them."""

from collections.abc import Callable, Mapping
from typing import Any

from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import EndpointInputs, endpoint_inputs
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.resource_types import (
    ENDPOINT_ACCESS,
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.spec import Stack, endpoint_name
from tests.support.random_endpoints import Call, make_endpoint, stop_endpoint

Resource = dict[str, Any]


def inputs_at(spec: Stack, key: str, versions: Mapping[str, str]) -> EndpointInputs:
    """What the components send for an endpoint where aliases have these versions."""
    return endpoint_inputs(resolve_aliases(endpoint_args(spec, key), versions.__getitem__))


def deploy(
    call: Call, stack: str, spec: Stack, versions: Mapping[str, str], settle: Callable[[], None]
) -> list[Resource]:
    """Make every endpoint of the stack, and return its state. The caller creates and owns them."""
    found: list[Resource] = []
    for key, declared in spec.endpoints.items():
        inputs, name = inputs_at(spec, key, versions), endpoint_name(spec, key)
        identity = make_endpoint(call, name, inputs, settle)
        if declared.stopped:
            stop_endpoint(call, name)
        found += endpoint_state(stack, key, name, identity, inputs, is_stopped=declared.stopped)
    return found


def endpoint_state(
    stack: str, key: str, name: str, identity: str, inputs: EndpointInputs, *, is_stopped: bool = False
) -> list[Resource]:
    """The resources of an endpoint as `pulumi stack export` prints them."""
    parent = f"urn:pulumi:{stack}::p::{SERVING_ENDPOINT_COMPONENT}::{key}"

    def child(kind: str, suffix: str, given: Mapping[str, Any], outputs: Mapping[str, Any]) -> Resource:
        urn = f"{parent.rpartition('::')[0]}${kind}::{key}{suffix}"
        return {"urn": urn, "type": kind, "parent": parent, "inputs": dict(given), "outputs": dict(outputs)}

    optimized = bool(inputs.model_serving.get("routeOptimized"))
    known = {**inputs.model_serving, "name": name, "servingEndpointId": identity, "routeOptimized": optimized}
    found = [
        {"urn": parent, "type": SERVING_ENDPOINT_COMPONENT, "outputs": {}},
        child(MODEL_SERVING, "", inputs.model_serving, known),
    ]
    if inputs.settings:
        found.append(child(ENDPOINT_SETTINGS, "-settings", inputs.settings, inputs.settings))
    if inputs.access_controls:
        found.append(child(PERMISSIONS, "-permissions", {"accessControls": inputs.access_controls}, {}))
    elif inputs.access_controls is not None:
        found.append(child(ENDPOINT_ACCESS, "-permissions", {}, {}))
    if is_stopped:
        found.append(child(ENDPOINT_STOP, "-stop", {}, {}))
    return found
