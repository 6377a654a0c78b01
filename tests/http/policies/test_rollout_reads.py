"""The rules on declared rollouts compare with the workspace's own split, and read nothing that is not read anyway."""

from collections.abc import Iterator
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH
from model_serving.policies.pack.rule import Resource
from model_serving.policies.rules import RULES
from model_serving.spec.rollout_variable import PLANNED, VARIABLE
from tests.support.raw_program import post
from tests.support.running_workspace import RunningWorkspace, running_workspace

LIVE, TARGET = {"champion": 75, "challenger": 25}, {"champion": 0, "challenger": 100}
VERSIONS = {"champion": "7", "challenger": "8"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with running_workspace(tmp_path_factory.mktemp("rollouts") / "workspace.db", "--ready-after", "0") as running:
        entities = [
            {
                "name": name,
                "entity_name": "main.ml.fraud",
                "entity_version": version,
                "workload_size": "Small",
                "scale_to_zero_enabled": False,
            }
            for name, version in VERSIONS.items()
        ]
        routes = [{"served_model_name": name, "traffic_percentage": share} for name, share in LIVE.items()]
        config = {"served_entities": entities, "traffic_config": {"routes": routes}}
        post(running, ENDPOINTS_PATH, {"name": "fraud", "config": config})
        yield running


def endpoint(workspace: RunningWorkspace, traffic: dict[str, int], versions: dict[str, str]) -> Resource:
    entities = [
        {"name": name, "entityName": "main.ml.fraud", "entityVersion": version} for name, version in versions.items()
    ]
    routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in traffic.items()]
    inputs = {"name": "fraud", "config": {"servedEntities": entities, "trafficConfig": {"routes": routes}}}
    rollout = {"steps": [5, 25, 50], "bake": "10s", "gate": {"errors_below": "1%"}}
    provider = {"host": workspace.url, "token": workspace.token}
    spec = {"endpoints": {"fraud": {"rollout": rollout}}}
    return Resource(MODEL_SERVING, "fraud", "urn:fraud", inputs, provider, stack="prod", stack_spec=spec)


def reported(resource: Resource) -> dict[str, list[str]]:
    """The messages of the rules on rollouts, and of the one on jumps."""
    rules = [rule for rule in RULES if rule.name.startswith("rollout-") or rule.name == "traffic-jump"]
    found: dict[str, list[Any]] = {rule.name: [*rule.check(resource, rule.with_defaults({}))] for rule in rules}
    return {name: [each.message for each in violations] for name, violations in found.items() if violations}


def test_rules_compare_with_the_live_split(workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    by_hand = reported(endpoint(workspace, TARGET, VERSIONS))
    assert list(by_hand) == ["rollout-in-steps"]
    assert by_hand["rollout-in-steps"][0].endswith("champion 75 %, challenger 25 % -> challenger 100 %")
    assert reported(endpoint(workspace, LIVE, VERSIONS)) == {}


def test_planned_change_is_judged_as_a_whole(workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PLANNED)
    assert reported(endpoint(workspace, TARGET, VERSIONS)) == {}
    in_place = reported(endpoint(workspace, TARGET, {**VERSIONS, "champion": "9"}))
    assert list(in_place) == ["rollout-can-be-staged"]
    assert "75 % of the traffic gets it at once" in in_place["rollout-can-be-staged"][0]


def test_endpoint_is_read_once(workspace: RunningWorkspace) -> None:
    requests = workspace.get("/_workspace/journal")["requests"]
    reads = [each["path"] for each in requests if each["method"] == "GET" and each["path"].startswith(ENDPOINTS_PATH)]
    resource = endpoint(workspace, TARGET, VERSIONS)
    for _ in range(3):
        reported(resource)
    after = workspace.get("/_workspace/journal")["requests"]
    again = [each["path"] for each in after if each["method"] == "GET" and each["path"].startswith(ENDPOINTS_PATH)]
    assert len(again) - len(reads) <= 2
    assert again.count(f"{ENDPOINTS_PATH}/fraud") <= 1
