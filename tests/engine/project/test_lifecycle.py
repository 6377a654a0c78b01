"""The main job on the real engine and provider: create, nothing to do, change, refuse, drift, destroy."""

import pytest

from tests.support.calls import ask, oauth_token
from tests.support.raw_program import Violation, violations
from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
WITH_POLICIES = ("--policy-pack", "policies")


def test_preview_creates_nothing(project: Sandbox) -> None:
    assert "+ 13 to create" in project.pulumi("preview", *WITH_POLICIES).text
    assert project.workspace.writes() == []


def test_up_creates_the_declared_endpoints(deployed: Sandbox) -> None:
    endpoints = {
        name: deployed.workspace.get(f"/api/2.0/serving-endpoints/{name}")
        for name in ("fraud-scorer", "iris-classifier", "user-features")
    }
    assert {name: endpoint["state"]["ready"] for name, endpoint in endpoints.items()} == dict.fromkeys(
        endpoints, "READY"
    )
    assert {name: endpoint["route_optimized"] for name, endpoint in endpoints.items()} == {
        "fraud-scorer": True,
        "iris-classifier": False,
        "user-features": False,
    }
    routes = endpoints["fraud-scorer"]["config"]["traffic_config"]["routes"]
    assert {route["served_entity_name"]: route["traffic_percentage"] for route in routes} == {
        "champion": 95,
        "challenger": 5,
    }
    assert {tag["key"]: tag["value"] for tag in endpoints["fraud-scorer"]["tags"]} == {
        "managed_by": "pulumi",
        "team": "risk",
    }


def test_up_grants_only_declared_permissions(deployed: Sandbox) -> None:
    outputs = deployed.outputs()
    endpoint_id = outputs["endpoints"]["fraud-scorer"]["id"]
    access = deployed.workspace.get(f"/api/2.0/permissions/serving-endpoints/{endpoint_id}")["access_control_list"]
    direct = {
        entry.get("service_principal_name") or entry.get("group_name"): entry["all_permissions"][0]["permission_level"]
        for entry in access
        if not entry["all_permissions"][0]["inherited"] and "user_name" not in entry
    }
    assert direct == {
        outputs["service_principals"]["checkout"]["application_id"]: "CAN_QUERY",
        "ml-engineers": "CAN_MANAGE",
    }


def test_declared_principal_can_call_the_endpoint(deployed: Sandbox) -> None:
    outputs = deployed.outputs()
    endpoint, caller = outputs["endpoints"]["fraud-scorer"], outputs["service_principals"]["checkout"]
    token = oauth_token(
        deployed.workspace.url, caller["application_id"], caller["client_secret"], endpoint["id"]
    ).access_token
    answers = [ask(endpoint["url"], token) for _ in range(20)]
    assert [answer.status for answer in answers] == [200] * 20
    assert sorted(answer.served_by for answer in answers).count("challenger") == 1
    assert ask(endpoint["url"], deployed.workspace.token).status == 401


def test_second_up_and_refresh_write_nothing(deployed: Sandbox) -> None:
    before = deployed.workspace.writes()
    deployed.pulumi(*UP, "--expect-no-changes")
    deployed.pulumi("preview", "--refresh", "--expect-no-changes")
    deployed.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert deployed.workspace.writes() == before


def test_traffic_shift_is_one_config_update(deployed: Sandbox) -> None:
    before, endpoint_id = deployed.workspace.writes(), deployed.outputs()["endpoints"]["fraud-scorer"]["id"]
    deployed.edit("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 50, challenger: 50}")
    deployed.pulumi(*UP, *WITH_POLICIES)
    assert deployed.workspace.writes()[len(before) :] == ["PUT /api/2.0/serving-endpoints/fraud-scorer/config"]
    assert deployed.outputs()["endpoints"]["fraud-scorer"]["id"] == endpoint_id


@pytest.mark.parametrize("command", [("preview",), UP])
@pytest.mark.parametrize(
    ("file", "old", "new", "endpoint"),
    [
        ("stacks/base.yaml", "route_optimized: true", "route_optimized: false", "fraud-scorer"),
        (
            "stacks/Pulumi.local.yaml",
            "iris-classifier:",
            "iris-classifier:\n      route_optimized: true",
            "iris-classifier",
        ),
    ],
    ids=["off", "on"],
)
def test_flipped_route_optimization_is_refused(
    deployed: Sandbox, command: tuple[str, ...], file: str, old: str, new: str, endpoint: str
) -> None:
    before = deployed.workspace.writes()
    deployed.edit(file, old, new)
    refused = deployed.pulumi(*command, *WITH_POLICIES, check=False)
    assert refused.refused, refused.text
    assert Violation("route-optimized-create-only", "ModelServing", endpoint) in violations(refused.text)
    assert "Traceback" not in refused.text
    assert deployed.workspace.writes() == before


@pytest.mark.parametrize(
    ("entity", "kind"),
    [
        ("{external_model: {provider: openai, name: gpt-4o, task: llm/v1/chat}}", "an external model (openai)"),
        ("{entity: system.ai.llama_v3, version: '1'}", "a Foundation Model API (system.ai.llama_v3)"),
    ],
    ids=["external", "foundation"],
)
def test_foundation_and_external_entities_are_rejected(project: Sandbox, entity: str, kind: str) -> None:
    current = '{entity: main.ml.iris, version: "2", workload_size: Small, scale_to_zero: true}'
    project.edit("stacks/Pulumi.local.yaml", current, entity)
    refused = project.pulumi("preview", *WITH_POLICIES, check=False)
    assert refused.refused, refused.text
    assert f'Served entity "current" is {kind}' in refused.text


def test_stack_file_error_names_its_location(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 95, challenger: 6}")
    refused = project.pulumi("preview", check=False)
    assert refused.refused, refused.text
    assert "stacks/base.yaml:14:7 endpoints.fraud-scorer.traffic: sums to 101, must be 100" in refused.text
    assert "Traceback" not in refused.text
    assert project.workspace.writes() == []


def test_destroy_leaves_nothing(deployed: Sandbox) -> None:
    deployed.pulumi("destroy", "--yes", "--skip-preview")
    assert deployed.workspace.get("/api/2.0/serving-endpoints").get("endpoints", []) == []
    principals = deployed.workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals")["Resources"]
    assert [principal["displayName"] for principal in principals if principal["displayName"] == "checkout-app"] == []
