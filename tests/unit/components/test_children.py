"""Every child that a component registers, with its inputs and options, as the engine receives it."""

from pathlib import Path
from typing import Any

import pytest

from model_serving.check.resources import registered_resources
from model_serving.components.args import (
    AiGatewayArgs,
    OAuthSecretArgs,
    PermissionArgs,
    ServedEntityArgs,
    ServicePrincipalArgs,
    ServingEndpointArgs,
)
from model_serving.components.from_spec import endpoint_args, with_application_ids
from model_serving.components.service_principal import ServicePrincipal
from model_serving.components.serving_endpoint import ServingEndpoint
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.spec import load_stack
from tests.support.pulumi_mocks import Recorded, mocked


def endpoint(**fields: Any) -> ServingEndpointArgs:
    model = ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")
    return ServingEndpointArgs(name="fraud", served_entities={"champion": model}, preflight=False, **fields)


def test_absent_permissions_are_not_managed(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        ServingEndpoint("one", endpoint())

    program()
    assert list(recorded.by_name) == ["one"]


def test_empty_permissions_are_managed(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        ServingEndpoint("one", endpoint(permissions=[], deployer="pipeline@example.com"))

    program()
    assert recorded.by_name["one-permissions"] == (
        "EndpointAccess",
        {"endpointId": "e1", "endpointName": "fraud", "accessControls": [], "deployer": "pipeline@example.com"},
    )


def test_endpoint_with_settings_and_permissions(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        permission = PermissionArgs(group="ml", level="CAN_QUERY")
        ServingEndpoint("one", endpoint(permissions=[permission], ai_gateway=AiGatewayArgs(usage_tracking=True)))

    program()
    assert {name: typ for name, (typ, _) in recorded.by_name.items()} == {
        "one": "ModelServing",
        "one-settings": "EndpointSettings",
        "one-permissions": "Permissions",
    }
    assert recorded.by_name["one-settings"][1] == {
        "endpointId": "e1",
        "endpointName": "fraud",
        "aiGateway": {"usageTrackingConfig": {"enabled": True}},
    }
    assert recorded.by_name["one-permissions"][1] == {
        "servingEndpointId": "e1",
        "accessControls": [{"groupName": "ml", "permissionLevel": "CAN_QUERY"}],
    }


def test_stopped_endpoint_is_a_resource(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        ServingEndpoint("one", endpoint(stopped=True))

    program()
    kind, inputs = recorded.by_name["one-stop"]
    assert (kind, inputs["endpointId"], inputs["endpointName"], inputs["stopped"]) == (
        "EndpointStop", "e1", "fraud", True
    )  # fmt: skip


def test_stop_follows_the_config_without_secrets(recorded: Recorded) -> None:
    def deployment(version: str, **variables: str) -> Any:
        model = ServedEntityArgs(
            entity="main.ml.fraud", version=version, workload_size="Small", environment_vars=variables
        )
        fields = {"name": "fraud", "served_entities": {"champion": model}, "preflight": False, "stopped": True}

        @mocked
        def program() -> None:
            ServingEndpoint("one", ServingEndpointArgs(**fields))

        program()
        return recorded.by_name["one-stop"][1]["deployment"]

    assert deployment("7", KEY="a") == deployment("7", KEY="b")
    assert len({deployment("7"), deployment("8"), deployment("7", KEY="a")}) == 3


def test_plain_endpoint_has_no_other_resource(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        ServingEndpoint("one", endpoint())

    program()
    assert list(recorded.by_name) == ["one"]


@pytest.mark.parametrize("name", ["local", "prod", "staging"])
def test_the_instant_check_judges_what_is_registered(recorded: Recorded, name: str) -> None:
    stack = load_stack(name, Path(__file__).resolve().parents[3] / "stacks")

    @mocked
    def program() -> None:
        for key in stack.endpoints:
            ServingEndpoint(key, with_application_ids(endpoint_args(stack, key), lambda _: "app1"))

    program()
    judged = {each.resource.name: each.resource for _, each in registered_resources(name, stack)}
    later = {UNKNOWN: "app1"}
    for resource in judged.values():
        for entry in resource.inputs.get("accessControls", ()):
            entry.update({field: later.get(value, value) for field, value in entry.items()})
    assert {key: (each.type.rpartition(":")[2], _with_id(each.inputs)) for key, each in judged.items()} == {
        key: (kind, _with_id(inputs)) for key, (kind, inputs) in recorded.by_name.items()
    }


def _with_id(inputs: Any) -> dict[str, Any]:
    return {**inputs, "servingEndpointId": "e1"} if "servingEndpointId" in inputs else dict(inputs)


def test_principal_with_two_secrets_and_grants(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        ServicePrincipal(
            "p",
            ServicePrincipalArgs(
                display_name="shop",
                entitlements=["workspace-access"],
                oauth_secret=OAuthSecretArgs(lifetime="60s", generation=3),
                execute=["main.ml.fraud"],
                select=["main.features.users"],
            ),
        )

    program()
    assert recorded.by_name == {
        "p": ("ServicePrincipal", {"displayName": "shop", "workspaceAccess": True}),
        "p-secret-2": ("ServicePrincipalSecret", {"servicePrincipalId": "p-id", "lifetime": "60s"}),
        "p-secret-3": ("ServicePrincipalSecret", {"servicePrincipalId": "p-id", "lifetime": "60s"}),
        "p-catalog-main": ("Grant", {"catalog": "main", "principal": "app1", "privileges": ["USE_CATALOG"]}),
        "p-schema-main.features": (
            "Grant",
            {"schema": "main.features", "principal": "app1", "privileges": ["USE_SCHEMA"]},
        ),
        "p-schema-main.ml": ("Grant", {"schema": "main.ml", "principal": "app1", "privileges": ["USE_SCHEMA"]}),
        "p-function-main.ml.fraud": (
            "Grant",
            {"function": "main.ml.fraud", "principal": "app1", "privileges": ["EXECUTE"]},
        ),
        "p-table-main.features.users": (
            "Grant",
            {"table": "main.features.users", "principal": "app1", "privileges": ["SELECT"]},
        ),
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"traffic": {"champion": 99}}, "traffic: sums to 99, must be 100"),
        ({"traffic": {"chmpion": 100}}, 'traffic.chmpion: no served entity is called "chmpion"'),
    ],
)
def test_contradictory_arguments_are_reported_by_field(
    recorded: Recorded, fields: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ValueError, match="Invalid ServingEndpointArgs") as refusal:
        ServingEndpoint("one", endpoint(**fields))
    assert expected in str(refusal.value)
    assert recorded.by_name == {}
