"""A rollout with real gates at an embedded workspace under load: a bad challenger is rolled back at each step."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.client import connect
from model_serving.delivery.rollout.course import Course, PlannedRollout
from model_serving.delivery.rollout.gate.gate import open_gate
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.delivery.rollout.live_split import settled_split
from model_serving.delivery.rollout.runner import Runner
from model_serving.operations.outputs import Address, Outputs
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Approval, Owner, Split, Status
from model_serving.spec.vocabulary.rollout import Rollout
from tests.support.calls import PAYMENT
from tests.support.query_loop import QueryLoop
from tests.support.running_workspace import RunningWorkspace, running_workspace

PLACE = "/api/2.0/serving-endpoints/fraud"
VERSIONS = {"good": "8", "slow": "1", "failing": "2", "wrong": "3"}
FAULTS = ("1:latency=150ms", "2:fails=50%", "3:wrong=100%")
GATE = {"errors_below": "5%", "p95_below": "100ms", "requests_at_least": 3}
STEPS = (5, 25, 50)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    options = ["--ready-after", "0", "--metrics-interval", "0"]
    options += [part for each in FAULTS for part in ("--model", f"main.ml.fraud/{each}")]
    with running_workspace(tmp_path_factory.mktemp("rollout") / "workspace.db", *options) as running:
        running.post("/api/2.0/serving-endpoints", {"name": "fraud", "config": config("8", {"champion": 100})})
        yield running


def config(version: str, split: Split) -> dict[str, Any]:
    served = {"champion": "7", "challenger": version}
    plain = {"entity_name": "main.ml.fraud", "workload_size": "Small", "scale_to_zero_enabled": False}
    routes = [{"served_model_name": name, "traffic_percentage": split.get(name, 0)} for name in served]
    entities = [{"name": name, "entity_version": each, **plain} for name, each in served.items()]
    return {"served_entities": entities, "traffic_config": {"routes": routes}}


class PlainDeployer:
    """Writes each split to the workspace as the provider does, without Pulumi. Records are lost."""

    def __init__(self, workspace: RunningWorkspace, version: str) -> None:
        self._workspace, self._version = workspace, version
        self.splits: list[int] = []

    def put(self, split: Split) -> None:
        self._workspace.put(f"{PLACE}/config", config(self._version, split))

    def deploy(self, steps: Mapping[str, EndpointStep], *, going_back: bool) -> None:  # noqa: ARG002  a Deployer
        self.put(steps["fraud"].traffic)
        self.splits.append(steps["fraud"].traffic["challenger"])

    def record(self, steps: Mapping[str, EndpointStep]) -> None:
        """Nothing is kept."""

    def live(self, keys: Sequence[str]) -> Mapping[str, Split]:
        return {key: settled_split(connect(_settings(self._workspace)), key, lambda _text: None) for key in keys}


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _settings(workspace: RunningWorkspace) -> dict[str, str]:
    return {"host": workspace.url, "token": workspace.token}


@contextmanager
def queried(workspace: RunningWorkspace) -> Iterator[QueryLoop]:
    loop = QueryLoop(f"{workspace.url}/serving-endpoints/fraud/invocations", workspace.token, 150)
    workers = [threading.Thread(target=loop.run, args=(number,), daemon=True) for number in range(4)]
    for worker in workers:
        worker.start()
    yield loop
    loop.stop()
    for worker in workers:
        worker.join()


Rolled = Callable[..., tuple[Course, list[int]]]


@pytest.fixture
def rolled(workspace: RunningWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rolled:
    """Rolls out one of the challengers from a live split, and returns how it ended and the splits in order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABRICKS_HOST", workspace.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token)
    (tmp_path / "stacks").mkdir()
    url = f"{workspace.url}/serving-endpoints/fraud/invocations"
    address = Address("fraud", "fraud", "id", url, route_optimized=False)
    outputs = Outputs("dev", workspace.url, {"fraud": address}, {})

    def run(challenger: str, live: Split) -> tuple[Course, list[int]]:
        gates = GATE | {"smoke": challenger == "wrong"}  # each version has other predictions
        declared = Rollout.model_validate({"steps": STEPS, "bake": "1s", "gate": gates})
        _write_stack(tmp_path, workspace, challenger)
        target = {"champion": 0, "challenger": 100}
        course = Course(PlannedRollout("fraud", declared, live, target, {}), Owner(), Approval())
        deployer = PlainDeployer(workspace, VERSIONS[challenger])
        deployer.put(live)

        def gate(each: Course) -> Any:
            own = BakingStep("dev", "fraud", each.record.split, each.gaining, declared.bake, tmp_path)
            return open_gate(own, declared.gate, outputs, connect(_settings(workspace)), lambda _text: None)

        Runner([course], deployer, gate, SystemClock(), lambda _text: None).run()
        return course, deployer.splits

    return run


def _write_stack(folder: Path, workspace: RunningWorkspace, challenger: str) -> None:
    answer = workspace.post("/serving-endpoints/fraud/served-models/champion/invocations", PAYMENT)
    smoke = {"request": PAYMENT, "expect": {"predictions": answer["predictions"]}}
    served = {"champion": "7", "challenger": VERSIONS[challenger]}
    entities = {name: {"entity": "main.ml.fraud", "version": version} for name, version in served.items()}
    traffic = {"champion": 0, "challenger": 100}
    endpoint = {"served_entities": entities, "traffic": traffic, "smoke": [smoke]}
    text = json.dumps({"config": {"model-serving:endpoints": {"fraud": endpoint}}})
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("challenger", "figure"), [("slow", "p95"), ("failing", "errors"), ("wrong", "smoke")])
def test_a_bad_challenger_goes_back(
    rolled: Rolled, workspace: RunningWorkspace, challenger: str, figure: str, step: int
) -> None:
    before = max([0, *(each for each in STEPS if each < step)])
    with queried(workspace) as loop:
        course, splits = rolled(challenger, {"champion": 100 - before, "challenger": before})
    assert splits == [step, before]
    assert course.record.status is Status.FAILED
    assert course.record.reason.startswith(f"{step} %: challenger: {figure}")
    assert loop.served()["champion"] > 0


def test_a_good_challenger_takes_each_step(rolled: Rolled, workspace: RunningWorkspace) -> None:
    with queried(workspace) as loop:
        course, splits = rolled("good", {"champion": 100, "challenger": 0})
    assert (splits, course.record.status) == ([5, 25, 50, 100], Status.REACHED), course.record.reason
    assert set(loop.statuses) == {200}
