"""What the state keeps of a rollout: by the provider, and by the resources of an endpoint that declares one."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.stack_preflight import StackPreflight
from model_serving.components.rollout_record.provider import RecordProvider, StepProvider, TakenOverError
from model_serving.components.stack import build
from model_serving.operations.rollout_history import read_history
from model_serving.spec import load_stack
from model_serving.spec.files.rollout_step import VARIABLE, EndpointStep, RolloutStepFile
from model_serving.spec.rollout_record import KEPT, Approval, Entry, Owner, Record, Status, Verdict, record_from
from model_serving.spec.succession import declared_endpoints
from tests.support.pulumi_mocks import Recorded, mocked

START, TARGET, STEP = {"champion": 100, "challenger": 0}, {"champion": 0, "challenger": 100}, {"champion": 95}
STACK_FILE = """
config:
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}
        challenger: {entity: main.ml.fraud, version: "8", workload_size: Small}
      traffic: {champion: 0, challenger: 100}
      rollout: {steps: [5], bake: 1s}
    iris:
      served_entities:
        only: {entity: main.ml.iris, version: "1", workload_size: Small}
"""


def record(revision: str = "r1", **changes: Any) -> Record:
    entry = Entry("2026-11-21T18:30:00+00:00", "run1", START, {"champion": 95, "challenger": 5})
    made = Record(
        *(revision, "run1", Status.RUNNING, Owner("here", 7), Approval(), START, TARGET, {"challenger": "fraud v8"}),
        *({"champion": 95, "challenger": 5}, START, "step1"),
        entries=(entry,),
    )
    return replace(made, **changes)


def inputs(revision: str = "r1", expects: str = "") -> dict[str, Any]:
    return {"endpointName": "fraud", "record": record(revision).to_json(), "expects": expects}


@pytest.fixture
def program(tmp_path: Path, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs a stack's program, with this content of the rollout's file where it is given."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.stack.yaml").write_text(STACK_FILE, encoding="utf-8")

    def run(text: str | None) -> Recorded:
        if text is not None:
            (tmp_path / "step.json").write_text(text, encoding="utf-8")
            monkeypatch.setenv(VARIABLE, str(tmp_path / "step.json"))
        spec = load_stack("stack", tmp_path / "stacks")
        monkeypatch.setattr(
            "model_serving.components.stack.stack_preflight",
            lambda *_: StackPreflight(
                PreflightReport(), {each.path: each.address for each in declared_endpoints(spec)}
            ),
        )
        monkeypatch.setattr("model_serving.components.stack.raise_problems", lambda *_: None)
        mocked(lambda: pulumi.export("all", build(spec)))()
        return recorded

    return run


def step_file(**endpoints: EndpointStep) -> str:
    return RolloutStepFile("stack", endpoints).text


def shares(recorded: Recorded, name: str) -> dict[str, float]:
    routes = recorded.registered["ModelServing", name]["config"]["trafficConfig"]["routes"]
    return {each["servedModelName"]: each["trafficPercentage"] for each in routes}


def test_only_a_declared_rollout_is_recorded(program: Any) -> None:
    names = {name for _, name in program(None).registered}
    assert names == {"fraud", "fraud-rollout", "fraud-rollout-step", "iris"}
    assert program(None).registered["RolloutRecord", "fraud-rollout"] == {"endpointName": "fraud"}


def test_a_step_replaces_the_declared_traffic(program: Any) -> None:
    split = {"champion": 95, "challenger": 5}
    recorded = program(step_file(fraud=EndpointStep(split, record().to_json(), "r0", "step1")))
    assert shares(recorded, "fraud") == split
    assert recorded.registered["RolloutRecord", "fraud-rollout"] == inputs("r1", "r0")
    assert recorded.registered["RolloutStep", "fraud-rollout-step"] == {"endpointName": "fraud", "step": "step1"}


@pytest.mark.parametrize(
    ("own", "expected"),
    [("", {"champion": 95, "challenger": 5}), (", traffic: {champion: 100, challenger: 0}", START)],
    ids=["same traffic", "its own traffic"],
)
def test_a_step_moves_the_traffic_that_a_predecessor_shares(
    program: Any, tmp_path: Path, own: str, expected: dict[str, int]
) -> None:
    file = tmp_path / "stacks" / "Pulumi.stack.yaml"
    block = f"    fraud:\n      name: fraud-2\n      predecessor: {{name: fraud{own}}}\n"
    file.write_text(STACK_FILE.replace("    fraud:\n", block), encoding="utf-8")
    recorded = program(step_file(fraud=EndpointStep({"champion": 95, "challenger": 5})))
    assert shares(recorded, "fraud") == {"champion": 95, "challenger": 5}
    assert shares(recorded, "fraud.predecessor") == expected


def test_a_review_ignores_every_step(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "planned")
    assert shares(program(None), "fraud") == {"champion": 0, "challenger": 100}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Invalid JSON"),
        ('{"version": 1, "stack": "stack", "endpoints": {}, "config": {}}', "Extra inputs are not permitted"),
        (
            '{"version": 1, "stack": "stack", "endpoints": {"fraud": {"traffic": {"champion": 100}, "name": "x"}}}',
            "Extra inputs are not permitted",
        ),
        (step_file(other=EndpointStep(START)), "the stack files declare no such endpoint"),
        (step_file(fraud=EndpointStep({"stranger": 100})), '"stranger" is none of its served entities'),
        (step_file(fraud=EndpointStep({"champion": 95})), "traffic sums to 95, must be 100"),
        (step_file(fraud=EndpointStep({"champion": 150, "challenger": -50})), "champion: 150 is no percentage"),
        (step_file(iris=EndpointStep({"only": 100}, record().to_json())), "it declares no rollout"),
        (step_file(fraud=EndpointStep(START, "{}")), "its record can't be read"),
        (step_file().replace('"stack": "stack"', '"stack": "prod"'), "is of stack prod, and this is stack"),
    ],
    ids=["no JSON", "more", "more of it", "endpoint", "entity", "sum", "range", "no rollout", "record", "stack"],
)
def test_a_file_can_set_nothing_but_whole_splits(program: Any, text: str, reason: str) -> None:
    with pytest.raises(pulumi.RunError, match=VARIABLE) as refusal:
        program(text)
    assert reason in str(refusal.value)


def test_a_run_without_a_step_keeps_the_record() -> None:
    provider, state = RecordProvider(), RecordProvider().create(inputs()).outs
    assert state is not None
    assert provider.diff("id", state, {"endpointName": "fraud"}).changes is False
    assert provider.update("id", state, {"endpointName": "new-name"}).outs == {**state, "endpointName": "new-name"}
    assert provider.read("id", state).outs == state


def test_a_record_is_replaced_by_who_has_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    provider, state = RecordProvider(), RecordProvider().create(inputs("r1")).outs
    assert state is not None
    assert provider.diff("id", state, inputs("r2", "r1")).changes is True
    assert provider.diff("id", state, inputs("r1", "r0")).changes is False, "This run's own, written before"
    for expects in ("", "r0"):
        for act in (provider.diff, provider.update):
            with pytest.raises(TakenOverError, match="by another run since"):
                act("id", state, inputs("r2", expects))
    with pytest.raises(TakenOverError):
        provider.create(inputs("r2", "r1"))


def test_a_step_keeps_the_time_of_its_deployment() -> None:
    provider = StepProvider()
    first = provider.create({"endpointName": "fraud", "step": "one", "__provider": "x"}).outs
    assert first is not None
    assert set(first) == {"endpointName", "step", "since"}
    assert provider.diff("id", first, {"endpointName": "fraud"}).changes is False
    assert provider.diff("id", first, {"endpointName": "fraud", "step": "one"}).changes is False
    assert provider.diff("id", first, {"endpointName": "fraud", "step": "two"}).changes is True


def in_state(kept: Record, step: str) -> list[dict[str, Any]]:
    urn = "urn:pulumi:local::model-serving::model-serving:index:ServingEndpoint$pulumi-python:dynamic/model-serving:"
    types = {"RolloutRecord": "fraud-rollout", "RolloutStep": "fraud-rollout-step"}
    outputs = {"RolloutRecord": {"record": kept.to_json()}, "RolloutStep": {"step": step, "since": "then"}}
    return [
        {
            "urn": f"{urn}{kind}::{name}",
            "type": f"pulumi-python:dynamic/model-serving:{kind}",
            "outputs": outputs[kind],
        }
        for kind, name in types.items()
    ]


@pytest.mark.parametrize(("step", "since"), [("step1", "then"), ("step0", "")], ids=["deployed", "not yet"])
def test_the_history_is_read_from_the_state(step: str, since: str) -> None:
    history = read_history("local", in_state(record(), step))["fraud"]
    assert (history.record, history.since, history.is_running) == (record(), since, True)
    assert [(each.verdict, each.split["challenger"]) for each in history.entries] == [(Verdict.RUNNING, 5)]


def test_an_endpoint_without_rollouts_has_no_history() -> None:
    resources = in_state(record(), "step1")
    resources[0]["outputs"] = {"endpointName": "fraud"}
    assert read_history("local", resources) == {}


def test_only_the_newest_entries_are_kept() -> None:
    (entry,) = record().entries
    many = replace(record(), entries=tuple(replace(entry, run=f"run{number}") for number in range(KEPT + 20)))
    kept = record_from(many.to_json()).entries
    assert (len(kept), kept[0].run, kept[-1].run) == (KEPT, "run20", f"run{KEPT + 19}")
