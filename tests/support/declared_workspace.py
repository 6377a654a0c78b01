"""Stacks in a workspace as they declare it, made without the engine, and the state that Pulumi would keep of them."""

from collections.abc import Callable, Mapping
from typing import Any

from model_serving.components.from_spec import endpoint_args, with_application_ids
from model_serving.components.inputs import EndpointInputs, endpoint_inputs
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.resource_types import (
    ENDPOINT_ACCESS,
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
    SECRET_DELIVERY,
    SECRET_SCOPE,
    SECRET_SCOPE_COMPONENT,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_COMPONENT,
    SERVICE_PRINCIPAL_SECRET,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.spec import Stack, endpoint_name
from tests.support.random_endpoints import Call, make_endpoint, stop_endpoint

Resource = dict[str, Any]


def inputs_at(spec: Stack, key: str, versions: Mapping[str, str], principals: Mapping[str, str]) -> EndpointInputs:
    """What the components send for an endpoint where aliases and service principals have these values."""
    args = with_application_ids(endpoint_args(spec, key), lambda name: principals.get(name, name))
    return endpoint_inputs(resolve_aliases(args, versions.__getitem__))


def deploy(
    call: Call,
    stack: str,
    spec: Stack,
    versions: Mapping[str, str],
    settle: Callable[[], None],
    principals: Mapping[str, str] | None = None,
) -> list[Resource]:
    """Make every endpoint of the stack, and return its state. The caller creates and owns them.

    `versions` are those of aliases, `principals` the application ids of service principals by key.
    """
    found: list[Resource] = []
    for key, declared in spec.endpoints.items():
        inputs, name = inputs_at(spec, key, versions, principals or {}), endpoint_name(spec, key)
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


def principal_state(stack: str, key: str, made: Mapping[str, Any], *secrets: str, scope: str = "") -> list[Resource]:
    """The resources of a service principal that the stack created; `made` is SCIM's answer.

    With `scope` its credentials were delivered to keys named after it.
    """
    parent = f"urn:pulumi:{stack}::p::{SERVICE_PRINCIPAL_COMPONENT}::{key}"

    def child(kind: str, suffix: str, identity: str, given: Mapping[str, Any], outputs: Mapping[str, Any]) -> Resource:
        urn = f"{parent.rpartition('::')[0]}${kind}::{key}{suffix}"
        return {"urn": urn, "type": kind, "parent": parent, "id": identity, "inputs": given, "outputs": outputs}

    outputs = {"applicationId": made["applicationId"]}
    found = [
        {"urn": parent, "type": SERVICE_PRINCIPAL_COMPONENT, "outputs": outputs},
        child(SERVICE_PRINCIPAL, "", made["id"], {"displayName": made["displayName"]}, outputs),
    ]
    for number, each in enumerate(secrets, start=1):
        given = {"servicePrincipalId": made["id"]}
        found.append(child(SERVICE_PRINCIPAL_SECRET, f"-secret-{number}", each, given, {}))
    if scope:
        place = {"scope": scope, "idKeyName": f"{key}-client-id", "secretKeyName": f"{key}-client-secret"}
        found.append(child(SECRET_DELIVERY, "-delivery", f"{scope}/{key}-client-secret", place, place))
    return found


def scope_state(stack: str, key: str, name: str) -> list[Resource]:
    """The resources of a secret scope that the stack created."""
    parent = f"urn:pulumi:{stack}::p::{SECRET_SCOPE_COMPONENT}::{key}"
    urn = f"{parent.rpartition('::')[0]}${SECRET_SCOPE}::{key}"
    child = {"urn": urn, "type": SECRET_SCOPE, "parent": parent, "id": name, "outputs": {"name": name}}
    return [{"urn": parent, "type": SECRET_SCOPE_COMPONENT, "outputs": {}}, child]
