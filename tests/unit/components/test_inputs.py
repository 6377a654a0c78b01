"""The components' arguments as the provider's inputs: pure, value by value."""

from typing import Any

import pytest

from model_serving.components.args import (
    AiGatewayArgs,
    PermissionArgs,
    RateLimitArgs,
    ServedEntityArgs,
    ServingEndpointArgs,
)
from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import access_controls, endpoint_inputs
from model_serving.spec import Secret, Stack, is_secret
from model_serving.spec.vocabulary.stack import (
    EmailNotifications,
    ExternalModel,
    InferenceTable,
    TelemetryConfig,
    TelemetryTables,
)

MODEL = ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")
WIRED = {
    "name": "champion",
    "entityName": "main.ml.fraud",
    "entityVersion": "7",
    "workloadSize": "Small",
    "workloadType": "CPU",
    "scaleToZeroEnabled": False,
}


def model_serving(args: ServingEndpointArgs) -> dict[str, Any]:
    return endpoint_inputs(args).model_serving


def endpoint_settings(args: ServingEndpointArgs) -> dict[str, Any]:
    return endpoint_inputs(args).settings


def endpoint(**fields: Any) -> ServingEndpointArgs:
    return ServingEndpointArgs(name="fraud", served_entities={"champion": MODEL}, **fields)


def test_absent_fields_are_not_sent() -> None:
    assert model_serving(endpoint()) == {
        "name": "fraud",
        "routeOptimized": False,
        "config": {
            "servedEntities": [WIRED],
            "trafficConfig": {"routes": [{"servedModelName": "champion", "trafficPercentage": 100}]},
        },
    }
    assert endpoint_settings(endpoint()) == {}


def test_settings_are_separate_inputs() -> None:
    args = endpoint(
        ai_gateway=AiGatewayArgs(
            inference_table=InferenceTable(catalog_name="main", schema_name="logs", enabled=False),
            usage_tracking=False,
            rate_limits=[RateLimitArgs(key="user", calls=0)],
        ),
        email_notifications=EmailNotifications(on_update_failure=["a@example.com"]),
        telemetry_config=TelemetryConfig(table_names=TelemetryTables(logs_table="main.ml.logs")),
    )
    assert model_serving(args) == model_serving(endpoint())
    assert endpoint_settings(args) == {
        "aiGateway": {
            "inferenceTableConfig": {"catalogName": "main", "schemaName": "logs", "enabled": False},
            "usageTrackingConfig": {"enabled": False},
            "rateLimits": [{"key": "user", "calls": 0, "renewalPeriod": "minute"}],
        },
        "emailNotifications": {"onUpdateFailures": ["a@example.com"]},
        "telemetryConfig": {"tableNames": {"logsTable": "main.ml.logs"}},
    }


@pytest.mark.parametrize(
    ("entity", "wired"),
    [
        (ServedEntityArgs(feature_spec="main.ml.features"), {"entityName": "main.ml.features", "workloadType": "CPU"}),
        (ServedEntityArgs(entity="m", version="1", workload_type="GPU_SMALL"), {"workloadType": "GPU_SMALL"}),
        (
            ServedEntityArgs(entity="system.ai.llama", provisioned_model_units=50),
            {"entityName": "system.ai.llama", "provisionedModelUnits": 50},
        ),
    ],
    ids=["feature spec", "GPU", "foundation model"],
)
def test_a_served_entity(entity: ServedEntityArgs, wired: dict[str, Any]) -> None:
    [found] = model_serving(ServingEndpointArgs(name="x", served_entities={"e": entity}))["config"]["servedEntities"]
    assert {name: found.get(name) for name in wired} == wired


def test_a_foundation_model_gets_no_workload_type() -> None:
    entity = ServedEntityArgs(entity="system.ai.llama", min_provisioned_throughput=0, max_provisioned_throughput=100)
    [found] = model_serving(ServingEndpointArgs(name="x", served_entities={"e": entity}))["config"]["servedEntities"]
    assert "workloadType" not in found


def test_external_model_reaches_the_policy_pack() -> None:
    external = ServedEntityArgs(external_model=ExternalModel(provider="openai", name="gpt", task="llm/v1/chat"))
    [found] = model_serving(ServingEndpointArgs(name="x", served_entities={"e": external}))["config"]["servedEntities"]
    assert found == {"name": "e", "externalModel": {"provider": "openai", "name": "gpt", "task": "llm/v1/chat"}}


def test_user_names_are_in_lower_case() -> None:
    permissions = [
        PermissionArgs(user="Ann.Lee@example.com", level="CAN_VIEW"),
        PermissionArgs(group="ML-Engineers", level="CAN_MANAGE"),
        PermissionArgs(service_principal="ABC", level="CAN_QUERY"),
    ]
    assert access_controls(permissions) == [
        {"userName": "ann.lee@example.com", "permissionLevel": "CAN_VIEW"},
        {"groupName": "ML-Engineers", "permissionLevel": "CAN_MANAGE"},
        {"servicePrincipalName": "abc", "permissionLevel": "CAN_QUERY"},
    ]


def test_a_secret_user_stays_secret() -> None:
    """The provider keeps users' names in lower case; without the secret marker the state would have the plaintext."""
    (entry,) = access_controls([PermissionArgs(user=Secret("Ann@Example.com"), level="CAN_QUERY")])
    assert is_secret(entry["userName"])
    assert entry["userName"].reveal() == "ann@example.com"


@pytest.mark.parametrize(
    ("has_default_tags", "expected"), [(True, {"team": "risk", "by": "us"}), (False, {"by": "us"})]
)
def test_default_tags_can_be_left_out(*, has_default_tags: bool, expected: dict[str, str]) -> None:
    served = {"champion": {"entity": "main.ml.fraud", "version": "7"}}
    endpoint = {"served_entities": served, "tags": {"by": "us"}, "default_tags": has_default_tags}
    stack = Stack.model_validate({"default_tags": {"team": "risk"}, "endpoints": {"fraud": endpoint}})
    assert endpoint_args(stack, "fraud").tags == expected
