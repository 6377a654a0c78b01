"""A gate at an embedded workspace whose model versions are slow, failing or wrong on purpose."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from model_serving.databricks.client import connect
from model_serving.delivery.rollout.gate.gate import Gate, open_gate
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.operations.outputs import Address, Outputs
from model_serving.spec.vocabulary.rollout import Gate as DeclaredGate
from tests.support.running_workspace import RunningWorkspace, running_workspace

PAYMENT = {"dataframe_records": [{"amount": 12.5}]}
VERSIONS = {"champion": "7", "good": "8", "slow": "1", "failing": "2", "wrong": "3"}
FAULTS = ("1:latency=200ms", "2:fails=50%", "3:wrong=100%")
STACK = """\
config:
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {{entity: main.ml.fraud, version: "7"}}
        {entity}: {{entity: main.ml.fraud, version: "{version}"}}
      traffic: {{champion: 95, {entity}: 5}}
      smoke:
        - {{request: {request}, expect: {expected}}}
        - {{request: {request}, entity: champion}}
"""

Open = Callable[..., Gate]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    options = ["--ready-after", "0", "--metrics-interval", "0"]
    options += [part for each in FAULTS for part in ("--model", f"main.ml.fraud/{each}")]
    with running_workspace(tmp_path_factory.mktemp("gate") / "workspace.db", *options) as running:
        entities = [
            {"name": name, "entity_name": "main.ml.fraud", "entity_version": version, "workload_size": "Small"}
            for name, version in VERSIONS.items()
        ]
        routes = [
            {"served_model_name": name, "traffic_percentage": 100 if name == "champion" else 0} for name in VERSIONS
        ]
        config = {"served_entities": [each | {"scale_to_zero_enabled": False} for each in entities]}
        running.post(
            "/api/2.0/serving-endpoints", {"name": "fraud", "config": config | {"traffic_config": {"routes": routes}}}
        )
        yield running


def ask(workspace: RunningWorkspace, entity: str, times: int = 1) -> Any:
    """Requests to one entity; the last answer's predictions."""
    url = f"{workspace.url}/serving-endpoints/fraud/served-models/{entity}/invocations"
    headers = {"Authorization": f"Bearer {workspace.token}"}
    with httpx.Client(headers=headers) as http:
        return [http.post(url, json=PAYMENT) for _ in range(times)][-1].json().get("predictions")


@pytest.fixture
def gate(workspace: RunningWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABRICKS_HOST", workspace.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token)
    (tmp_path / "stacks").mkdir()
    expected = {"predictions": ask(workspace, "champion")}

    def opened(entity: str, seconds: float = 5.0, token: str | None = None, **declared: Any) -> Gate:
        text = STACK.format(
            entity=entity, version=VERSIONS[entity], request=json.dumps(PAYMENT), expected=json.dumps(expected)
        )
        (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(text)
        url = f"{workspace.url}/serving-endpoints/fraud/invocations"
        address = Address("fraud", "fraud", "id", url, route_optimized=False)
        step = BakingStep("dev", "fraud", {"champion": 95, entity: 5}, frozenset({entity}), seconds, tmp_path)
        outputs = Outputs("dev", workspace.url, {"fraud": address}, {})
        settings = {"host": workspace.url, "token": token or workspace.token, "retryTimeoutSeconds": "1"}
        return open_gate(step, DeclaredGate.model_validate(declared), outputs, connect(settings), lambda _text: None)

    return opened


BOUNDS = {"errors_below": "1%", "p95_below": "100ms", "requests_at_least": 20}


def test_a_good_entity_passes(gate: Open, workspace: RunningWorkspace) -> None:
    opened = gate("good", **BOUNDS, smoke=False, compare={"against": "champion", "p95_at_most": "50x"})
    opened.begin()
    ask(workspace, "good", 20)
    ask(workspace, "champion", 20)
    assert opened.read().broken == ()
    result = opened.finish()
    assert result.passed, result
    assert result.figures["good"].requests == 20


@pytest.mark.parametrize(("entity", "figure"), [("slow", "p95"), ("failing", "errors")])
def test_a_bad_entity_ends_the_bake_early(gate: Open, workspace: RunningWorkspace, entity: str, figure: str) -> None:
    opened = gate(entity, **BOUNDS)
    opened.begin()
    ask(workspace, entity, 19)
    assert opened.read().broken == ()
    ask(workspace, entity)
    (broken,) = opened.read().broken
    assert (broken.figure, broken.entity, broken.requests) == (figure, entity, 20)


def test_a_wrong_entity_fails_its_first_smoke_request(gate: Open) -> None:
    opened = gate("wrong", smoke=True)
    opened.begin()
    (broken,) = opened.read().broken
    assert str(broken).startswith("wrong: smoke request smoke[0]: predictions[0]: expected ")
    assert opened.read().broken == ()  # sent once
    assert [each.figure for each in opened.finish().broken] == ["smoke request smoke[0]"]


def test_too_few_requests_are_inconclusive(gate: Open, workspace: RunningWorkspace) -> None:
    opened = gate("good", **BOUNDS)
    opened.begin()
    ask(workspace, "good", 3)
    result = opened.finish()
    assert not result.passed
    assert result.inconclusive == ("good answered 3 requests since the step began, the gate needs 20",)
    ask(workspace, "good", 17)
    assert opened.finish().passed  # the window goes on


def test_unreadable_metrics_never_pass(gate: Open, workspace: RunningWorkspace) -> None:
    fault = {"pattern": "GET /api/2.0/serving-endpoints/fraud/metrics", "status": 403, "times": 3}
    opened = gate("good", errors_below="1%")
    workspace.post("/_workspace/faults", fault)
    opened.begin()
    ask(workspace, "good", 5)
    lost = opened.read()
    assert (lost.broken, len(lost.notes)) == ((), 1)
    assert lost.notes[0].startswith("The metrics of fraud can't be read, and are tried again: ")
    result = opened.finish()
    assert not result.passed
    assert result.inconclusive[-1].startswith("The metrics of fraud can't be read: ")
    ask(workspace, "good", 5)
    opened.read()
    ask(workspace, "good", 5)
    assert opened.finish().passed


def test_a_refused_reader_is_no_traceback(gate: Open) -> None:
    opened = gate("good", token="dapi-unknown", errors_below="1%")
    opened.begin()
    assert "can't be read" in opened.read().notes[0]
    assert not opened.finish().passed


def test_a_command_decides_last(gate: Open, workspace: RunningWorkspace, tmp_path: Path) -> None:
    script = tmp_path / "check.sh"
    script.write_text('#!/bin/sh\nenv | grep ^MODEL_SERVING_ | sort > seen\ntest "$MODEL_SERVING_ENTITY" = good\n')
    script.chmod(0o755)
    assert gate("good", command=["./check.sh"]).finish().passed
    assert (tmp_path / "seen").read_text().splitlines() == [
        "MODEL_SERVING_ENDPOINT=fraud",
        "MODEL_SERVING_ENDPOINT_NAME=fraud",
        "MODEL_SERVING_ENTITY=good",
        "MODEL_SERVING_STACK=dev",
        "MODEL_SERVING_STEP=5",
    ]
    (broken,) = gate("slow", command=["./check.sh"]).finish().broken
    assert str(broken) == "slow: command ./check.sh: exit status 1 (bound: exit status 0)"
    (tmp_path / "seen").unlink()
    failing = gate("failing", errors_below="1%", command=["./check.sh"])
    failing.begin()
    ask(workspace, "failing", 10)
    assert [each.figure for each in failing.finish().broken] == ["errors"]
    assert not (tmp_path / "seen").exists()


def test_a_shadow_run_compares_the_answers(gate: Open, tmp_path: Path) -> None:
    (tmp_path / "stacks" / "payments.json").write_text(json.dumps([PAYMENT] * 4))
    shadow = {"requests": "payments.json", "agreement_at_least": "99%"}
    (broken,) = gate("wrong", shadow=shadow).finish().broken
    assert str(broken) == "wrong: agreement: 0 % of 4 requests (bound: at least 99 %)"
    assert gate("champion", shadow=shadow).finish().passed
    missing = gate("good", shadow={"requests": "none.json", "agreement_at_least": "99%"}).finish()
    assert missing.inconclusive == ("stacks/none.json can't be read: No such file or directory",)
    table = gate("good", shadow={"requests": "inference_table", "agreement_at_least": "99%"}).finish()
    assert "set DATABRICKS_WAREHOUSE_ID" in table.inconclusive[0]
