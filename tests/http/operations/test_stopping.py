"""`model-serving stop` and `start`: what they send, print and refuse, and what the stack file makes of it."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.databricks import client, serving_endpoints, stopping

ENDPOINTS = "/api/2.0/serving-endpoints"
ENTITY = {"entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
SPEC = {"entity_name": "main.ml.user_features", "workload_size": "Small"}


@dataclass
class Operator:
    """Somebody in the folder of a project whose stack `dev` is in the workspace `frozen`."""

    frozen: Any
    folder: Path

    def declare(self, *, stopped: bool = False) -> None:
        model = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}
        spec = {"feature_spec": "main.ml.user_features", "workload_size": "Small"}
        endpoints = {
            "fraud": {"served_entities": {"one": model}, **({"stopped": True} if stopped else {})},
            "features": {"served_entities": {"one": spec}},
            "undeployed": {"served_entities": {"one": model}},
        }
        config = {"databricks:host": self.frozen.origin, "model-serving:endpoints": endpoints}
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*arguments, "--stack", "dev"])
        return status, out.getvalue(), err.getvalue()

    def sent(self) -> list[str]:
        """The calls that stop or start."""
        listed = self.frozen.call("GET", "/_workspace/journal")["requests"]
        return [each["path"].removeprefix(f"{ENDPOINTS}/") for each in listed if "/config:" in each["path"]]

    def update(self) -> None:
        """Begin an update of `fraud`."""
        entity = {"name": "one", **ENTITY, "entity_version": "8", "scale_to_zero_enabled": False}
        self.frozen.call("PUT", f"{ENDPOINTS}/fraud/config", {"served_entities": [entity]})


@pytest.fixture
def operator(frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    (tmp_path / "stacks").mkdir()
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho \"error: no stack named 'dev' found\" >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    pauses = SimpleNamespace(monotonic=frozen.clock.now, sleep=frozen.clock.advance)
    for module in (serving_endpoints, stopping):
        monkeypatch.setattr(module, "time", pauses)
    frozen.call("POST", "/_workspace/seed", {"models": {"main.ml.fraud": {"versions": 9}}})
    for name, entity in (("fraud", ENTITY), ("features", SPEC)):
        config = {"served_entities": [{"name": "one", **entity, "scale_to_zero_enabled": False}]}
        frozen.call("POST", ENDPOINTS, {"name": name, "config": config})
    frozen.clock.advance(60)
    somebody = Operator(frozen, tmp_path)
    somebody.declare()
    yield somebody
    client._connected.clear()  # noqa: SLF001


def test_stop_and_start_are_idempotent(operator: Operator) -> None:
    keep = "To keep it stopped, declare `stopped: true` under endpoints.fraud"
    status, out, err = operator.run("stop", "fraud", "--yes")
    assert (status, err) == (0, "")
    assert out.startswith("fraud: stopped. The next `pulumi up` leaves it stopped, unless it deploys another config.")
    assert out.endswith(f"{keep}\n")
    assert operator.run("stop", "fraud")[1].startswith("fraud: stopped already. ")
    status, out, err = operator.run("start", "fraud")
    assert (status, out) == (0, "fraud: ready. The stack file declares it so\n")
    assert err.startswith('Endpoint "fraud" is being deployed ("one" creating). Waited 0 s, ')
    assert operator.run("start", "fraud")[:2] == (0, "fraud: ready already. The stack file declares it so\n")
    assert operator.sent() == ["fraud/config:stop", "fraud/config:start"]


def test_stop_needs_a_confirmation(operator: Operator) -> None:
    status, out, err = operator.run("stop", "fraud")
    assert (status, out, operator.sent()) == (3, "", [])
    assert 'Every request to endpoint "fraud"' in err
    assert err.endswith("There is no terminal to ask in. Read the above, then add --yes\n")


@pytest.mark.parametrize(("answer", "expected"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_stop_asks_on_a_terminal(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, answer: str, expected: int
) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    status, out, err = operator.run("stop", "fraud")
    assert status == expected, err
    assert "gets 400 from then on" in err
    assert operator.sent() == (["fraud/config:stop"] if expected == 0 else [])
    assert "Stop it?" not in out


def test_declared_stop_is_named_as_what_undoes_a_start(operator: Operator) -> None:
    operator.declare(stopped=True)
    assert (
        operator.run("stop", "fraud", "--yes")[1] == "fraud: stopped. The stack file declares it so: `stopped: true`\n"
    )
    _, out, _ = operator.run("start", "fraud", "--json")
    assert json.loads(out) == {
        "endpoint": "fraud",
        "name": "fraud",
        "state": "ready",
        "changed": True,
        "keep": "The next `pulumi up` stops it again: remove `stopped: true` under endpoints.fraud",
    }


def test_what_the_service_refuses_is_refused_before_the_question(operator: Operator) -> None:
    status, _, err = operator.run("stop", "features", "--yes")
    assert (status, 'custom models only, and "one" is a feature spec' in err) == (1, True)
    operator.update()
    status, _, err = operator.run("stop", "fraud")
    assert (status, "while an update of it is in progress. To wait until it ends, add --wait" in err) == (1, True)
    assert operator.sent() == []
    assert operator.run("stop", "fraud", "--yes", "--wait")[0] == 0
    assert operator.sent() == ["fraud/config:stop"]


def test_refusal_of_the_workspace_is_an_error(operator: Operator) -> None:
    fault = {"pattern": "POST /*config:stop", "status": 400, "error_code": "INVALID_STATE", "message": "not this one"}
    operator.frozen.call("POST", "/_workspace/faults", fault)
    status, out, err = operator.run("stop", "fraud", "--yes")
    assert (status, out) == (1, "")
    assert err == (
        'Endpoint "fraud" was not stopped: not this one\nIts state: model-serving status fraud --stack dev\n'
    )


def test_start_need_not_wait_and_may_time_out(operator: Operator) -> None:
    operator.run("stop", "fraud", "--yes")
    status, out, err = operator.run("start", "fraud", "--no-wait")
    assert (status, err) == (0, "")
    assert out.startswith("fraud: starting. Its state: model-serving status fraud --stack dev.")
    assert operator.run("start", "fraud", "--no-wait")[1].startswith("fraud: being deployed already. ")
    status, out, err = operator.run("start", "fraud", "--timeout", "2s")
    assert (status, out) == (1, "")
    assert "is still being deployed after 2 s" in err
    assert operator.run("start", "fraud", "--timeout", "soon")[0] == 3
    assert operator.sent() == ["fraud/config:stop", "fraud/config:start"]


def test_failed_start_says_why(operator: Operator) -> None:
    operator.run("stop", "fraud", "--yes")
    operator.frozen.call("DELETE", "/api/2.1/unity-catalog/models/main.ml.fraud/versions/7")
    status, _, err = operator.run("start", "fraud")
    assert (status, "Model version '7' of registered model 'main.ml.fraud' does not exist" in err) == (1, True)


@pytest.mark.parametrize("command", ["stop", "start"])
def test_unknown_and_missing_endpoints_are_errors(operator: Operator, command: str) -> None:
    status, _, err = operator.run(command, "frod")
    assert (status, 'Did you mean "fraud"?' in err) == (1, True)
    status, _, err = operator.run(command, "undeployed")
    assert (status, 'There is no endpoint "undeployed" in ' in err) == (1, True)
    assert "To create it, deploy stack dev" in err


def test_interrupted_wait_says_what_goes_on(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    operator.run("stop", "fraud", "--yes")
    pauses = SimpleNamespace(monotonic=operator.frozen.clock.now, sleep=interrupt)
    for module in (serving_endpoints, stopping):
        monkeypatch.setattr(module, "time", pauses)
    status, _, err = operator.run("start", "fraud")
    assert (status, "What was sent goes on in the workspace" in err) == (130, True)
