"""A rule as a policy of another pack, called by Pulumi's SDK."""

from typing import Any

import pytest
from pulumi_policy import PolicyResourceOptions, ResourceValidationArgs, proxy
from pulumi_policy.policy import PolicyCustomTimeouts

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.special_values import UNKNOWN_VALUES
from model_serving.policies.pack.sdk_policy import as_policy
from model_serving.policies.rules.compute import gpu_where_allowed
from model_serving.policies.rules.entity_types import supported_entity_types


def reported(rule: Any, props: dict[str, Any], config: dict[str, Any] | None = None) -> list[str]:
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    checked = proxy.unknown_checking_proxy(props)
    args = ResourceValidationArgs(MODEL_SERVING, checked, "urn:iris", "iris", options, None, config)
    found: list[str] = []
    as_policy(rule).validate(args, lambda message, _urn: found.append(message))
    return found


@pytest.mark.parametrize(
    ("entity", "refused"),
    [({"entityName": "system.ai.llama"}, 1), ({"entityName": "main.ml.iris"}, 0)],
    ids=["foundation", "custom"],
)
def test_policy_reports_violations(entity: dict[str, Any], refused: int) -> None:
    assert len(reported(supported_entity_types, {"config": {"servedEntities": [entity]}})) == refused


def test_unknown_values_are_those_of_the_sdk() -> None:
    assert {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")} == UNKNOWN_VALUES


def test_unknown_value_does_not_hide_a_violation() -> None:
    """The SDK would turn a mandatory rule that touches an unknown value into an advice."""
    entities = [{"entityName": proxy.UNKNOWN_STRING_VALUE}, {"name": "bad", "entityName": "system.ai.llama"}]
    (found,) = reported(supported_entity_types, {"config": {"servedEntities": entities}})
    assert found.startswith('Served entity "bad" is a Foundation Model API')


def test_policy_uses_settings_of_its_pack() -> None:
    gpu = {"config": {"servedEntities": [{"workloadType": "GPU_SMALL"}]}}
    assert len(reported(gpu_where_allowed, gpu)) == 1
    assert reported(gpu_where_allowed, gpu, {"stacks": ["*"]}) == []
