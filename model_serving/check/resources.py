"""What the components would register for a stack's endpoints, as the policy pack's rules see resources.

What nobody knows before `up`, or can't decrypt here, is UNKNOWN.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.components.from_spec import endpoint_args, with_application_ids
from model_serving.components.inputs import endpoint_inputs
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.resource_types import MODEL_SERVING, PERMISSIONS
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Registered, Resource
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import Secret, is_unknown
from model_serving.spec.vocabulary.stack import Endpoint, Stack

_LATER: Final = Secret("", known=False)


def declared(name: str, stack: Stack) -> Iterator[tuple[FieldPath, Registered]]:
    """Each endpoint of stack `name`, and its permissions where it has any, with the path that declares it."""

    def application_id(principal: str) -> str:
        return _LATER if principal in stack.service_principals else principal

    for key, spec in stack.endpoints.items():
        args = resolve_aliases(with_application_ids(endpoint_args(stack, key), application_id), lambda _alias: _LATER)
        inputs = endpoint_inputs(args)
        endpoint = _resource(
            name, MODEL_SERVING, key, inputs.model_serving, protect=spec.protect, stack_file_spec=_aliases(spec)
        )
        yield ("endpoints", key), Registered(endpoint)
        if inputs.access_controls:
            access = {"servingEndpointId": _LATER, "accessControls": inputs.access_controls}
            grant = _resource(name, PERMISSIONS, f"{key}-permissions", access)
            yield ("endpoints", key, "permissions"), Registered(grant, (endpoint.urn,))


def _resource(stack: str, kind: str, name: str, inputs: Mapping[str, Any], **more: Any) -> Resource:
    return Resource(kind, name, f"{kind}::{name}", _known(inputs), stack=stack, **more)


def _aliases(spec: Endpoint) -> dict[str, Any]:
    """What rules want of an endpoint as it is written: the inputs hold no alias."""
    return {"served_entities": {name: {"entity": _known(each.entity)} for name, each in spec.served_entities.items()}}


def _known(value: Any) -> Any:
    if is_unknown(value):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _known(child) for key, child in value.items()}
    return [_known(child) for child in value] if isinstance(value, list) else value
