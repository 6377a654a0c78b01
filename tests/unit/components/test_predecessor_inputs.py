"""What the provider gets of a predecessor: exactly what it got before there was a successor."""

from typing import Any

import pytest

from model_serving.components.from_spec import declared_args, endpoint_args, principal_args
from model_serving.components.inputs import EndpointInputs, endpoint_inputs
from model_serving.contract.immutable_fields import immutable_fields
from model_serving.spec import Stack
from model_serving.spec.field_names import stack_file_keys
from model_serving.spec.succession import declared_at

TABLE = {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": "fraud"}
MODEL = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}
BEFORE: dict[str, Any] = {
    "route_optimized": True,
    "description": "Scores payments",
    "budget_policy_id": "policy-1",
    "auto_capture": TABLE,
    "served_entities": {"one": MODEL},
    "permissions": [{"group": "callers", "level": "CAN_QUERY"}],
    "ai_gateway": {"usage_tracking": True},
    "tags": {"team": "risk"},
}
OUTSIDE = {"external_model": {"provider": "openai", "name": "gpt", "task": "llm/v1/chat"}}
CHANGES: dict[str, tuple[Any, Any]] = {
    "name": (None, {}),
    "route_optimized": (False, {"route_optimized": True}),
    "description": ("Scores", {"description": "Scores payments"}),
    "budget_policy_id": (None, {"budget_policy_id": "policy-1"}),
    "auto_capture": ({**TABLE, "table_name_prefix": "two"}, {"auto_capture": {"table_name_prefix": "fraud"}}),
    "served_entities": ({"one": OUTSIDE}, {"served_entities": {"one": {**MODEL, "external_model": None}}}),
}
"""What the successor has in place of each immutable field, and what the predecessor says then."""


def stack(**endpoint: Any) -> Stack:
    declared = {name: value for name, value in endpoint.items() if value is not None}
    return Stack.model_validate({"name_prefix": "dev-", "endpoints": {"fraud": declared}})


@pytest.mark.parametrize("field", CHANGES)
def test_a_predecessor_gets_what_it_got_before(field: str) -> None:
    value, kept = CHANGES[field]
    after = stack(**{**BEFORE, field: value, "name": "fraud-2", "predecessor": kept})
    successor, predecessor = (endpoint_inputs(declared_args(after, each)) for each in declared_at(after, "fraud"))
    before: EndpointInputs = endpoint_inputs(endpoint_args(stack(**BEFORE), "fraud"))
    assert predecessor == before
    assert successor.model_serving["name"] == "dev-fraud-2"


def test_every_immutable_field_is_migrated() -> None:
    named = {stack_file_keys(tuple(row.path.partition(".*")[0].split(".")))[0] for row in immutable_fields()}
    assert named == set(CHANGES)


def test_a_serving_principal_may_execute_the_models_of_both() -> None:
    old = {"served_entities": {"one": {"entity": "main.ml.old"}}}
    declared = {"endpoints": {"fraud": {**BEFORE, "name": "fraud-2", "predecessor": {**old, "auto_capture": None}}}}
    principals = {"runner": {"display_name": "runner", "serves": ["fraud"]}}
    both = Stack.model_validate({**declared, "service_principals": principals})
    assert principal_args(both, "runner").execute == ["main.ml.fraud", "main.ml.old"]
