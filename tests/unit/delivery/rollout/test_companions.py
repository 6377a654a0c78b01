"""A predecessor with the traffic of its endpoint: both move in the same steps, and go back together."""

from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.client import Workspace
from model_serving.databricks.resource_types import (
    MODEL_SERVING,
    ROLLOUT_RECORD,
    ROLLOUT_STEP,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.delivery.rollback.deployed import companion_of, deployed_endpoint
from model_serving.delivery.rollback.goal import Goal, whole_split
from model_serving.delivery.rollback.restore_run import RestoreRun
from model_serving.delivery.rollout import stack_deployer
from model_serving.delivery.rollout.change_parts import changes, unexpected_changes
from model_serving.delivery.rollout.declared_rollouts import DeclaredRollouts
from model_serving.delivery.rollout.stack_deployer import StackDeployer
from model_serving.delivery.rollout.staging import staging_of
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.engine_process import EngineRun
from model_serving.review.plan.events import from_events
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.state_copy.source import Source
from model_serving.spec import load_stack
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Split
from tests.unit.delivery.rollout.fake_rollout import LIVE, TARGET
from tests.unit.delivery.rollout.test_staging import STACK_FILE, endpoint

PREFIX = f"urn:pulumi:prod::p::{SERVING_ENDPOINT_COMPONENT}"
MIGRATING = "    fraud: &fraud\n      name: fraud-2\n      predecessor: {name: fraud, route_optimized: false}\n"
OWN_TRAFFIC = MIGRATING.replace("false}", "false, traffic: {champion: 100, challenger: 0}}")


def steps(resource: str, name: str, old: Split, new: Split, *, is_predecessor: bool) -> list[dict[str, Any]]:
    role = {"predecessor": True} if is_predecessor else {}
    sides = [{**endpoint(split), "name": name} for split in (old, new)]
    parent = f"{PREFIX}::{resource}"
    component = {side: {"inputs": role, "outputs": {}} for side in ("old", "new")}
    own = {
        side: {"parent": parent, "inputs": inputs, "outputs": inputs}
        for side, inputs in zip(("old", "new"), sides, strict=True)
    }
    op = "update" if old != new else "same"
    return [
        {"resourcePreEvent": {"metadata": {"op": "same", "urn": parent, **component}}},
        {"resourcePreEvent": {"metadata": {"op": op, "urn": f"{PREFIX}${MODEL_SERVING}::{resource}", **own}}},
    ]


def plan(successor: Split, predecessor: Split, old: Split = LIVE) -> Preview:
    events = steps("fraud", "fraud", old, predecessor, is_predecessor=True)
    events += steps("fraud/fraud-2", "fraud-2", old, successor, is_predecessor=False)
    return from_events([*events, {"summaryEvent": {}}])


@pytest.fixture
def declared(tmp_path: Path, request: pytest.FixtureRequest) -> DeclaredRollouts:
    text = STACK_FILE.replace("    fraud: &fraud\n", request.param)
    text = text.partition("    other:")[0]
    (tmp_path / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    return DeclaredRollouts("prod", tmp_path, load_stack("prod", tmp_path))


@pytest.mark.parametrize("declared", [MIGRATING], indirect=True)
def test_predecessor_of_the_same_traffic_moves_along(declared: DeclaredRollouts) -> None:
    now = plan(TARGET, TARGET)
    staging = staging_of(declared, now, report(now), "")
    assert [each.key for each in staging.rollouts] == ["fraud"]
    assert declared.companions == {"fraud": "fraud.predecessor"}
    assert staging.approval.changes == ()


@pytest.mark.parametrize("declared", [OWN_TRAFFIC], indirect=True)
def test_predecessor_of_other_traffic_moves_at_once(declared: DeclaredRollouts) -> None:
    assert declared.companions == {}
    now = plan(TARGET, {"champion": 50, "challenger": 50})
    assert staging_of(declared, now, report(now), "").approval.changes != ()


def test_step_that_moves_one_of_them_is_unexpected() -> None:
    step = {"champion": 95, "challenger": 5}
    wanted: dict[str, Split] = {"fraud": step, "fraud.predecessor": step}
    assert unexpected_changes(plan(step, step).steps, [], wanted) == ()
    assert unexpected_changes(plan(step, LIVE).steps, [], wanted) == ("traffic of fraud.predecessor",)
    assert changes(plan(step, step).steps, ["fraud"]) != ()


@pytest.mark.parametrize("predecessor", [TARGET, LIVE], ids=["along", "left behind"])
def test_going_back_targets_both_endpoints(predecessor: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs: the plan is the one that Pulumi would report, the options are those that it would get."""
    given: list[list[str]] = []

    def run_pulumi(_command: str, _stack: str, _folder: Path, flags: list[str], **_: Any) -> EngineRun:
        given.append(flags)
        return EngineRun(0, "")

    monkeypatch.setattr(stack_deployer, "preview_of", lambda *_: plan(TARGET, predecessor))
    monkeypatch.setattr(stack_deployer, "run_pulumi", run_pulumi)
    monkeypatch.setattr(StackDeployer, "_restore", lambda *_: None)
    urns = {
        "fraud": f"{PREFIX}${MODEL_SERVING}::fraud/fraud-2",
        "fraud.predecessor": f"{PREFIX}${MODEL_SERVING}::fraud",
    }
    deployer = StackDeployer(
        Source("prod", tmp_path, {}),
        [],
        [],
        urns,
        {},
        no_workspace,
        lambda _: None,
        companions={"fraud": "fraud.predecessor"},
    )
    deployer.deploy({"fraud": EndpointStep(TARGET, "{}", "", "1")}, going_back=True)
    if predecessor == LIVE:
        assert given == []  # a plan that moves one of the two is not applied
        return
    (flags,) = given
    targets = {flags[n + 1] for n, flag in enumerate(flags) if flag == "--target"}
    records = {
        f"{PREFIX}${kind}::fraud/fraud-2-{name}"
        for kind, name in ((ROLLOUT_RECORD, "rollout"), (ROLLOUT_STEP, "rollout-step"))
    }
    assert targets == {*urns.values(), *records}


def no_workspace() -> Workspace:
    raise AssertionError("nothing is read")


def state(predecessor: Split, version: str = "8") -> list[dict[str, Any]]:
    """The state of a migration: its components and endpoints."""
    found: list[dict[str, Any]] = []
    members: list[tuple[str, str, Split, dict[str, Any]]] = [
        ("fraud", "fraud", predecessor, {"predecessor": True}),
        ("fraud/fraud-2", "fraud-2", TARGET, {}),
    ]
    for resource, name, split, role in members:
        inputs = {**endpoint(split, version if role else "8"), "name": name}
        found += [
            {"urn": f"{PREFIX}::{resource}", "type": SERVING_ENDPOINT_COMPONENT, "inputs": role, "outputs": {}},
            {
                "urn": f"{PREFIX}${MODEL_SERVING}::{resource}",
                "type": MODEL_SERVING,
                "parent": f"{PREFIX}::{resource}",
                "inputs": inputs,
            },
        ]
    return found


def test_rollback_restores_both_in_one_run(tmp_path: Path) -> None:
    deployed = deployed_endpoint("prod", "fraud", state(TARGET))
    companion = companion_of("prod", deployed, state(TARGET))
    assert (deployed.name, deployed.resource) == ("fraud-2", "fraud/fraud-2")
    assert companion is not None
    assert (companion.name, companion.resource, companion.key) == ("fraud", "fraud", "fraud.predecessor")
    run = RestoreRun("prod", tmp_path, deployed, Goal(whole_split(deployed, LIVE), "back"), None, companion=companion)
    assert run.targets == [deployed.urn, companion.urn]
    restored = run.content
    assert restored.companion is not None
    assert (restored.resource, restored.companion.resource) == ("fraud/fraud-2", "fraud")
    assert dict(restored.companion.traffic) == dict(restored.traffic)


@pytest.mark.parametrize("other", [state(LIVE), state(TARGET, version="9")], ids=["traffic", "version"])
def test_predecessor_that_serves_something_else_stays(other: list[dict[str, Any]]) -> None:
    assert companion_of("prod", deployed_endpoint("prod", "fraud", other), other) is None
