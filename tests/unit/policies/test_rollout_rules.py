"""The rules on declared rollouts: what they refuse, and in which runs."""

from dataclasses import replace
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import LiveEndpoint
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Resource
from model_serving.policies.rules import RULES, live_resource
from model_serving.spec.rollout_variable import PLANNED, VARIABLE

BY_NAME = {rule.name: rule for rule in RULES}
STEPS = {"steps": [5, 25, 50], "bake": "10m"}
HOST = {"host": "https://prod.cloud.databricks.example"}
RUNS = {"by hand": "", "planned": PLANNED, "step": "step.json"}


def live(**traffic: int) -> LiveEndpoint:
    entities = [{"name": name, "entity_name": "main.ml.fraud", "entity_version": "7"} for name in ("old", "gone")]
    entities.append({"name": "new", "entity_name": "main.ml.fraud", "entity_version": "8"})
    return LiveEndpoint("fraud", "e1", False, traffic=traffic, answer={"config": {"served_entities": entities}})


def endpoint(*, rollout: dict[str, Any] | None, versions: dict[str, Any], **traffic: int) -> Resource:
    entities = [
        {"name": name, "entityName": "main.ml.fraud", "entityVersion": version} for name, version in versions.items()
    ]
    routes = [{"servedEntityName": name, "trafficPercentage": share} for name, share in traffic.items()]
    inputs = {"name": "fraud", "config": {"servedEntities": entities, "trafficConfig": {"routes": routes}}}
    spec = {"endpoints": {"fraud": {"rollout": rollout} if rollout else {}}}
    return Resource(MODEL_SERVING, "fraud", "urn:fraud", inputs, HOST, stack="prod", stack_spec=spec)


VERSIONS = {"old": "7", "new": "8"}
SHIFT = endpoint(rollout=STEPS, versions=VERSIONS, old=0, new=100)


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, RUNS[request.param])
    name: str = request.param
    return name


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PLANNED)


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    serve(monkeypatch, live(old=100))


def serve(monkeypatch: pytest.MonkeyPatch, found: LiveEndpoint | None) -> None:
    monkeypatch.setattr(live_resource, "live_endpoint", lambda *_, **__: found)


def messages(rule: str, resource: Resource, **settings: Any) -> list[str]:
    found = BY_NAME[rule]
    return [each.text for each in found.check(resource, found.with_defaults(settings))]


def test_run_by_hand_may_not_move_traffic(run: str) -> None:
    found = messages("rollout-in-steps", SHIFT)
    assert bool(found) is (run == "by hand")


def test_refused_run_names_splits_and_commands() -> None:
    (text,) = messages("rollout-in-steps", SHIFT)
    assert "old 100 % -> new 100 %" in text
    assert "model-serving rollout --stack prod fraud" in text
    assert "model-serving rollback fraud --stack prod" in text


@pytest.mark.parametrize(
    "resource",
    [
        endpoint(rollout=STEPS, versions=VERSIONS, old=100, new=0),
        endpoint(rollout=None, versions=VERSIONS, old=0, new=100),
        endpoint(rollout={"steps": "many"}, versions=VERSIONS, old=0, new=100),
        replace(SHIFT, inputs={**SHIFT.inputs, "config": UNKNOWN}),
        replace(SHIFT, stack_file_spec={"replace_id": "e1"}),
    ],
    ids=["live split", "no rollout", "wrong rollout", "unknown", "replaced"],
)
def test_run_by_hand_may_change_the_rest(resource: Resource) -> None:
    assert messages("rollout-in-steps", resource) == []


def test_new_endpoint_gets_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, None)
    assert messages("rollout-in-steps", SHIFT) == []
    assert messages("rollout-can-be-staged", SHIFT) == []


def test_shift_between_two_entities_can_be_staged(run: str) -> None:
    assert messages("rollout-can-be-staged", SHIFT) == [], run


def test_live_model_is_not_changed_in_place(run: str) -> None:
    found = messages("rollout-can-be-staged", endpoint(rollout=STEPS, versions={**VERSIONS, "old": "9"}, old=100))
    assert bool(found) is (run != "step")
    assert all("changes from main.ml.fraud v7 to main.ml.fraud v9 in place: 100 % of the traffic" in x for x in found)


def test_model_without_traffic_may_change_in_place() -> None:
    assert messages("rollout-can-be-staged", endpoint(rollout=STEPS, versions={**VERSIONS, "new": "9"}, old=100)) == []


def test_entity_with_traffic_is_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, live(old=60, gone=40))
    (text,) = messages("rollout-can-be-staged", SHIFT)
    assert 'Served entity "gone" has 40 % of the traffic' in text
    assert "Keep it, with `gone: 0` under `traffic`" in text


@pytest.mark.parametrize(
    "traffic", [{"old": 20, "new": 60, "gone": 20}, {"old": 100, "gone": 0}], ids=["past the steps", "no traffic"]
)
def test_entity_that_no_step_needs_is_removed(monkeypatch: pytest.MonkeyPatch, traffic: dict[str, int]) -> None:
    serve(monkeypatch, live(**traffic))
    assert messages("rollout-can-be-staged", SHIFT) == []


def compared(against: str) -> Resource:
    gate = {"compare": {"against": against, "p95_at_most": "1.2x"}}
    return endpoint(rollout={**STEPS, "gate": gate}, versions={**VERSIONS, "gone": "7"}, old=0, new=60, gone=40)


@pytest.mark.parametrize(
    ("against", "why"), [("new", "which gains traffic itself"), ("gone", "which gains"), ("other", "has no traffic")]
)
def test_gate_compares_with_an_entity_that_loses(against: str, why: str) -> None:
    (text,) = messages("rollout-can-be-staged", compared(against))
    assert why in text
    assert "Compare with one that has traffic and loses it: old" in text
    assert messages("rollout-can-be-staged", compared("old")) == []


def test_stopped_endpoint_moves_no_traffic() -> None:
    spec = {"endpoints": {"fraud": {"rollout": STEPS, "stopped": True}}}
    (text,) = messages("rollout-can-be-staged", replace(SHIFT, stack_spec=spec))
    assert "while it is stopped no step can be measured" in text


@pytest.mark.usefixtures("planned")
def test_jump_is_that_of_one_step() -> None:
    assert messages("traffic-jump", SHIFT, points=50) == []
    (text,) = messages("traffic-jump", SHIFT, points=40)
    assert "new 50 % -> 100 %, old 50 % -> 0 %" in text


GATE = {"errors_below": "1%"}


@pytest.mark.parametrize(
    ("bake", "gate", "host", "expected"),
    [
        ("90s", GATE, HOST, 1),
        ("90s", {"compare": {"against": "old", "p95_at_most": "1.2x"}}, HOST, 1),
        ("2m", GATE, HOST, 0),
        ("90s", {"smoke": True}, HOST, 0),
        ("90s", None, HOST, 0),
        ("90s", GATE, {"host": "http://127.0.0.1:8787"}, 0),
        ("90s", GATE, {}, 0),
        ("soon", GATE, HOST, 0),
    ],
    ids=["short", "compared", "long", "smoke only", "no gate", "this machine", "unknown machine", "no duration"],
)
@pytest.mark.usefixtures("planned")
def test_short_bake_is_advice(
    bake: str, gate: dict[str, Any] | None, host: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    rollout = {"steps": [5], "bake": bake, **({"gate": gate} if gate else {})}
    resource = replace(endpoint(rollout=rollout, versions=VERSIONS, old=0, new=100), provider=host)
    rule = BY_NAME["rollout-can-be-staged"]
    found = list(rule.check(resource, {}))
    assert [each.advisory for each in found] == [True] * expected
