"""A rollback of a running or failed rollout, and what it writes into the record."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model_serving.delivery.rollback.deployed import DeployedEndpoint, DeployedEntity
from model_serving.delivery.rollback.goal import Goal, served
from model_serving.delivery.rollback.last_good import last_good_goal
from model_serving.delivery.rollback.record import rollback_step
from model_serving.errors import UserError
from model_serving.operations.rollout_history import History
from model_serving.spec.rollout_record import Approval, Entry, Owner, Record, Status, Verdict, record_from

START, STEP = {"champion": 100}, {"champion": 75, "challenger": 25}
RUNNING = Record(
    revision="one",
    run="a1",
    status=Status.RUNNING,
    owner=Owner("ci-7", 4711),
    approval=Approval(),
    start=START,
    target={"champion": 0, "challenger": 100},
    entities={"champion": "main.ml.fraud v7", "challenger": "main.ml.fraud v8"},
    split=STEP,
    previous=START,
    step="s1",
    entries=(Entry("2026-11-21T20:00:00+00:00", "a1", START, STEP),),
)


def endpoint(record: Record, traffic: dict[str, int], champion: str = "7") -> DeployedEndpoint:
    entities = {
        name: DeployedEntity(name, "main.ml.fraud", version, ())
        for name, version in (("champion", champion), ("challenger", "8"))
    }
    history = History("fraud", record)
    return DeployedEndpoint("fraud", "fraud", "urn", entities, traffic, (), (), {}, (), False, False, history, False)


def goal(deployed: DeployedEndpoint, folder: Path) -> Goal:
    return last_good_goal("prod", deployed, served(deployed.traffic), folder)


@pytest.mark.parametrize("traffic", [STEP, {"champion": 100, "challenger": 0}, {"champion": 0, "challenger": 100}])
def test_a_running_rollout_goes_back_to_its_start(traffic: dict[str, int], tmp_path: Path) -> None:
    found = goal(endpoint(RUNNING, traffic), tmp_path)
    assert dict(found.traffic) == {"champion": 100, "challenger": 0}
    assert found.why == "the split before the rollout that began 2026-11-21T20:00 UTC"


def test_a_failed_rollout_is_back_already(tmp_path: Path) -> None:
    failed = replace(RUNNING, status=Status.FAILED, split=START, reason="25 %: p95")
    with pytest.raises(UserError, match="is back at champion 100 % already, since its last rollout failed at 25 %"):
        goal(endpoint(failed, {"champion": 100, "challenger": 0}), tmp_path)


def test_the_record_ends_the_run_and_notes_who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "ann")
    deployed = endpoint(RUNNING, STEP)
    step = rollback_step(deployed, STEP, Goal({"champion": 100, "challenger": 0}, "a test"))
    assert step
    written = record_from(step.record)
    assert (step.expects, written.status, written.owner) == ("one", Status.FAILED, Owner())
    assert written.revision not in ("", "one")
    assert written.reason == "25 %: rolled back by ann"
    assert [(each.verdict, dict(each.split)) for each in written.entries] == [
        (Verdict.STOPPED, STEP),
        (Verdict.BACK, {"champion": 100, "challenger": 0}),
    ]
    assert json.loads(step.record)["is_judged"] is True
    assert rollback_step(replace(deployed, history=None), STEP, Goal({}, "")) is None
