"""The resources that the components would register for a stack's endpoints, as the policy rules see them.

Values that are known only after `up`, or encrypted, are UNKNOWN.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.components.from_spec import declared_args, with_application_ids
from model_serving.components.inputs import endpoint_inputs
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.resource_types import ENDPOINT_ACCESS, ENDPOINT_STOP, MODEL_SERVING, PERMISSIONS
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Registered, Resource
from model_serving.spec.endpoint_resources import successor_resource
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import Secret, is_unknown
from model_serving.spec.succession import declared_endpoints
from model_serving.spec.vocabulary.stack import Endpoint, Stack

_UNKNOWN_TEXT: Final = Secret("", known=False)


def registered_resources(name: str, stack: Stack) -> Iterator[tuple[FieldPath, Registered]]:
    """Each endpoint of stack `name`, its permissions if they are managed, and its stop, with the declaring path.

    Predecessors are endpoints like any other. They have the name of a successor's resource, though the state may name
    either of the two so.
    """

    def application_id(principal: str) -> str:
        return _UNKNOWN_TEXT if principal in stack.service_principals else principal

    declared = _stack_spec(stack)
    for each in declared_endpoints(stack):
        spec, own = each.endpoint, each.key
        if each.is_predecessor:
            own = successor_resource(each.key, each.written_name)
        args = resolve_aliases(
            with_application_ids(declared_args(stack, each), application_id),
            lambda _alias: _UNKNOWN_TEXT,
        )
        inputs = endpoint_inputs(args)
        endpoint = _resource(name, MODEL_SERVING, own, inputs.model_serving, protect=spec.protect, stack_spec=declared)
        yield each.path, Registered(endpoint)
        if inputs.access_controls is not None:
            kind, endpoint_id = (
                (PERMISSIONS, "servingEndpointId") if inputs.access_controls else (ENDPOINT_ACCESS, "endpointId")
            )
            access = {endpoint_id: _UNKNOWN_TEXT, "accessControls": inputs.access_controls}
            grant = _resource(name, kind, f"{own}-permissions", access)
            yield (*each.path, "permissions"), Registered(grant, (endpoint.urn,))
        if spec.stopped:
            stop = _resource(name, ENDPOINT_STOP, f"{own}-stop", {"stopped": True})
            yield (*each.path, "stopped"), Registered(stop, (endpoint.urn,))


def _resource(stack: str, kind: str, name: str, inputs: Mapping[str, Any], **more: Any) -> Resource:
    return Resource(kind, name, f"{kind}::{name}", _with_unknowns(inputs), stack=stack, **more)


def _stack_spec(stack: Stack) -> dict[str, Any]:
    """The parts of the stack's spec that rules read."""
    principals = {
        key: {"application_id": each.application_id, "serves": each.serves}
        for key, each in stack.service_principals.items()
    }
    endpoints: dict[str, dict[str, Any]] = {}
    for each in declared_endpoints(stack):
        spec = {"name": each.written_name, **_aliases(each.endpoint)}
        if each.is_predecessor:
            endpoints[each.key]["predecessor"] = spec
        else:
            endpoints[each.key] = {**spec, **_expected(each.endpoint)}
    declared = {
        "deployer": stack.deployer,
        "name_prefix": stack.name_prefix,
        "service_principals": principals,
        "endpoints": endpoints,
    }
    return {key: _with_unknowns(value) for key, value in declared.items()}


def _aliases(spec: Endpoint) -> dict[str, Any]:
    """The parts of an endpoint's spec that rules read, since the inputs have no alias."""
    return {
        "served_entities": {
            name: {"entity": _with_unknowns(each.entity)} for name, each in spec.served_entities.items()
        }
    }


def _expected(spec: Endpoint) -> dict[str, Any]:
    """The load that the endpoint is sized for, unless it is stopped."""
    return {"expected": spec.expected.model_dump()} if spec.expected and not spec.stopped else {}


def _with_unknowns(value: Any) -> Any:
    if is_unknown(value):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _with_unknowns(child) for key, child in value.items()}
    return [_with_unknowns(child) for child in value] if isinstance(value, list) else value
