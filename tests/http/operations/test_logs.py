"""`model-serving logs` and `model-serving metrics`."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import httpx
import pytest
from rich.console import Console

from model_serving.cli import metrics as metrics_cli
from model_serving.cli.logs import logs_command
from model_serving.cli.main import main
from model_serving.databricks import client
from model_serving.operations.live.targets import read_targets
from model_serving.operations.logs import follow
from model_serving.operations.metrics.read import MetricsReader
from model_serving.operations.metrics.view import table
from tests.support.running_workspace import PROJECT

LISTING = "/api/2.0/serving-endpoints"
ROWS = {"inputs": [1]}
SPEC = {"entity_name": "main.ml.user_features", "workload_size": "Small", "scale_to_zero_enabled": True}


def entity(name: str, version: str) -> dict[str, Any]:
    model = {"entity_name": "main.ml.fraud", "entity_version": version, "workload_size": "Small"}
    return {"name": name, **model, "scale_to_zero_enabled": False}


@dataclass
class Operator:
    """Somebody in the folder of a stack whose endpoint `fraud` serves `one`, and 0 % `two`."""

    frozen: Any
    errors: str = ""

    def put(self, *entities: dict[str, Any]) -> None:
        routes = [
            {"served_entity_name": each["name"], "traffic_percentage": 0 if number else 100}
            for number, each in enumerate(entities)
        ]
        config = {"served_entities": entities, "traffic_config": {"routes": routes}}
        self.frozen.call("PUT", f"{LISTING}/fraud/config", config)

    def create(self, *entities: dict[str, Any], **more: Any) -> None:
        self.frozen.call("POST", LISTING, {"name": "fraud", "config": {"served_entities": entities[:1]}, **more})
        self.frozen.clock.advance(10)
        if len(entities) > 1:
            self.put(*entities)
            self.frozen.clock.advance(10)

    def run(self, *arguments: str, status: int = 0, stack: str = "dev") -> list[str]:
        """The lines on standard output."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = main([*arguments, "--stack", stack])
        self.errors = err.getvalue()
        assert ended == status, self.errors
        return out.getvalue().splitlines()


@pytest.fixture
def project(frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """The folder of a stack, without endpoints in the workspace and without a state."""
    served = {name: {"entity": "main.ml.fraud", "version": version} for name, version in (("one", "7"), ("two", "8"))}
    fraud = {"served_entities": served, "traffic": {"one": 100, "two": 0}}
    config = {"databricks:host": frozen.origin, "model-serving:endpoints": {"fraud": fraud}}
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '{\"deployment\": {}}'\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    monkeypatch.setenv("COLUMNS", "120")
    yield Operator(frozen)
    client._connected.clear()  # noqa: SLF001


@pytest.fixture
def operator(project: Operator) -> Operator:
    project.create(entity("one", "7"), entity("two", "8"))
    return project


@pytest.fixture
def meanwhile(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """What happens during each pause of a followed log or metric; after the last, the user presses Ctrl-C."""

    def script(*events: Callable[[], Any]) -> list[float]:
        left, pauses = list(events), []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if not left:
                raise KeyboardInterrupt
            frozen.clock.advance(seconds)
            left.pop(0)()

        clock = SimpleNamespace(sleep=sleep, monotonic=frozen.clock.now)
        monkeypatch.setattr(follow, "time", clock)
        monkeypatch.setattr(metrics_cli, "time", clock)
        return pauses

    return script


def nothing() -> None:
    """Nothing happens."""


def fault(operator: Operator, pattern: str, **rule: Any) -> None:
    operator.frozen.call("POST", "/_workspace/faults", {"pattern": pattern, **rule})


def fail_a_request(operator: Operator) -> None:
    """Sends a request without rows, which adds a line to the service log."""
    path = f"{operator.frozen.origin}/serving-endpoints/fraud/invocations"
    headers = {"Authorization": f"Bearer {operator.frozen.credentials.token}"}
    assert httpx.post(path, json={}, headers=headers).status_code == 400


def texts(lines: list[str]) -> list[str]:
    """The lines without their times."""
    return [line.partition("] ")[2] for line in lines]


BUILT = ["Building the image of two", "Dependencies installed", "Image built"]


def test_one_log_is_printed_as_it_is(operator: Operator) -> None:
    assert texts(operator.run("logs", "fraud", "two", "--build")) == ["Fetching main.ml.fraud version 8", *BUILT]


def test_several_logs_are_told_apart(operator: Operator) -> None:
    lines = operator.run("logs", "fraud")
    assert {line.partition("|")[0].strip() for line in lines} == {
        "one build",
        "one service",
        "two build",
        "two service",
    }
    assert {line.index("|") for line in lines} == {len("one service ")}


def test_lines_are_json_objects(operator: Operator) -> None:
    first = json.loads(operator.run("logs", "fraud", "one", "--service", "--json")[0])
    assert {**first, "line": ""} == {"endpoint": "fraud", "entity": "one", "log": "service", "line": ""}
    assert first["line"].endswith("Starting the scoring server of one")


def test_logs_of_a_pending_config_are_read(operator: Operator) -> None:
    operator.put(entity("one", "7"), entity("three", "9"))
    operator.frozen.clock.advance(4)
    assert texts(operator.run("logs", "fraud", "three", "--build"))[0] == "Fetching main.ml.fraud version 9"


def test_an_entity_that_never_built_says_so(operator: Operator) -> None:
    operator.put(entity("one", "7"), entity("three", "9"))
    assert operator.run("logs", "fraud", "three", "--build") == []
    assert operator.errors == '"three" has no lines in its build log yet\n'


def test_route_optimized_endpoint_has_logs(project: Operator) -> None:
    project.create(entity("one", "7"), route_optimized=True)
    assert texts(project.run("logs", "fraud", "one", "--build"))[-1] == "Image built"


def test_feature_spec_has_no_build_log(project: Operator) -> None:
    project.create({"name": "one", **SPEC})
    assert project.run("logs", "fraud", "one", "--build") == []
    assert project.errors == '"one" has no build log: it is a feature spec\n'


def test_failed_build_ends_with_its_reason(operator: Operator) -> None:
    broken = {"models": {"main.ml.fraud": {"versions": {9: {"fails": "no numpy"}}}}}
    operator.frozen.call("POST", "/_workspace/seed", broken)
    operator.put(entity("one", "7"), entity("three", "9"))
    operator.frozen.clock.advance(10)
    assert texts(operator.run("logs", "fraud", "three", "--build"))[-1] == "ERROR: no numpy"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logs", "fraud", "oen"], 'Endpoint "fraud" serves no entity "oen". Did you mean "one"?'),
        (["logs", "frad"], 'Stack "dev" has no endpoint "frad". Did you mean "fraud"?'),
        (["metrics", "frad"], 'Stack "dev" has no endpoint "frad". Did you mean "fraud"?'),
    ],
)
def test_unknown_names_get_a_hint(operator: Operator, arguments: list[str], message: str) -> None:
    operator.run(*arguments, status=1)
    assert message in operator.errors


def test_declared_entity_may_not_be_deployed_yet(project: Operator) -> None:
    project.create(entity("one", "7"))
    project.run("logs", "fraud", "two", status=1)
    assert "It is declared, but not deployed yet: pulumi up --stack dev" in project.errors


def test_absent_endpoint_is_reported(project: Operator) -> None:
    for command in ("logs", "metrics"):
        project.run(command, "fraud", status=1)
        assert 'Endpoint "fraud" is not in the workspace' in project.errors


def test_reader_without_rights_is_told(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    application, settings = operator.frozen.principal()
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", application)
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", settings["clientSecret"])
    for command in ("logs", "metrics"):
        operator.run(command, "fraud", status=1)
        assert 'You may not view endpoint "fraud"' in operator.errors
        assert "CAN_VIEW under endpoints.fraud.permissions" in operator.errors


def test_control_characters_do_not_reach_the_terminal(operator: Operator) -> None:
    logs = json.dumps({"logs": "\x1b[2J\x1b]0;owned\x07red\x9b31m\n\ttoken=abc123\nlong " + "x" * 500})
    fault(operator, "GET /*build-logs", status=200, body=logs)
    lines = operator.run("logs", "fraud", "one", "--build")
    assert lines == ["red31m", " token=[secret]", "long " + "x" * 500]
    export = 'request_count_total{endpoint_name="\x1b[2Jfraud"} 1\n'
    fault(operator, "GET /*metrics", status=200, body=export)
    assert operator.run("metrics", "fraud", "--raw") == ['request_count_total{endpoint_name="fraud"} 1']
    fault(operator, "GET /*metrics", status=200, body="\x1b[2J{ 1")
    operator.run("metrics", "fraud", status=1)
    assert "not in the format of Prometheus" in operator.errors
    fault(operator, "GET /*metrics", status=400, message="\x1b[2Jno\x07")
    operator.run("metrics", "fraud", status=1)
    assert "\x1b" not in operator.errors


def test_waiting_for_an_answer_leaves_results_alone(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_serving.databricks.call_clock.FIRST_MESSAGE_SECONDS", 0)
    fault(operator, "GET /*build-logs", status=503)
    assert len(operator.run("logs", "fraud", "two", "--build", "--json")) == 4
    assert "waiting since" in operator.errors


def test_followed_logs_show_each_line_once(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    pauses = meanwhile(lambda: operator.put(entity("one", "7"), entity("two", "9")), *[nothing] * 9)
    lines = operator.run("logs", "fraud", "two", "--build", "--follow", status=130)
    assert texts(lines) == ["Fetching main.ml.fraud version 8", *BUILT, "Fetching main.ml.fraud version 9", *BUILT]
    assert 'The build log of "two" starts over' in operator.errors
    assert operator.errors.endswith("Interrupted\n")
    assert set(pauses) >= {2.0}
    assert max(pauses) <= 10.0


def test_lost_answers_lose_no_line(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    meanwhile(
        lambda: fail_a_request(operator),
        lambda: fault(operator, "GET /api/2.0/serving-endpoints/fraud*", status=500, times=3),
        lambda: fail_a_request(operator),
        *[nothing] * 4,
    )
    lines = operator.run("logs", "fraud", "one", "--service", "--follow", status=130)
    assert len([line for line in lines if "ERROR 400" in line]) == 2
    assert operator.errors.count("No answer about") == 1
    assert operator.errors.count("answers about endpoint") == 1


def test_one_unreadable_log_leaves_the_others(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    refusal = {"status": 400, "error_code": "BAD_REQUEST", "message": "No logs yet\x1b[2J"}
    fault(operator, "GET /*/two/logs", times=3, **refusal)
    lines = operator.run("logs", "fraud", "--service", status=1)
    assert {line.split()[0] for line in lines} == {"one"}
    assert operator.errors == 'The service log of "two" can\'t be read: No logs yet\n'
    meanwhile(nothing, nothing)
    lines = operator.run("logs", "fraud", "--service", "--follow", status=130)
    assert {line.split()[0] for line in lines} == {"one", "two"}
    assert operator.errors.count("No logs yet") == 1


def test_replaced_endpoint_is_followed(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    meanwhile(
        lambda: operator.frozen.call("DELETE", f"{LISTING}/fraud"),
        nothing,
        lambda: operator.create(entity("one", "5")),
        nothing,
    )
    lines = operator.run("logs", "fraud", "one", "--build", "--follow", status=130)
    assert texts(lines)[4:] == [
        "Fetching main.ml.fraud version 5",
        "Building the image of one",
        "Dependencies installed",
        "Image built",
    ]
    assert 'endpoint "fraud" was deleted. Waiting 60 s' in operator.errors
    assert "was deleted and created again" in operator.errors


def test_deleted_endpoint_ends_the_command(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    meanwhile(lambda: operator.frozen.call("DELETE", f"{LISTING}/fraud"), *[nothing] * 20)
    operator.run("logs", "fraud", "--follow", status=1)
    assert 'endpoint "fraud" was not created again' in operator.errors


def test_removed_entity_ends_its_log(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    meanwhile(lambda: operator.put(entity("one", "7")), *[nothing] * 8)
    operator.run("logs", "fraud", "two", "--follow", status=1)
    assert '"two" is no longer served by endpoint "fraud"' in operator.errors


def test_new_entities_are_followed_too(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    meanwhile(lambda: operator.put(entity("one", "7"), entity("three", "9")), *[nothing] * 8)
    lines = operator.run("logs", "fraud", "--build", "--follow", status=130)
    assert sum("Image built" in line for line in lines) == 3
    assert 'endpoint "fraud" serves or deploys "three" now' in operator.errors
    assert 'endpoint "fraud" no longer serves "two"' in operator.errors


def test_stopped_endpoint_is_named(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    meanwhile(lambda: operator.frozen.call("POST", f"{LISTING}/fraud/config:stop"), nothing)
    operator.run("logs", "fraud", "--follow", status=130)
    assert operator.errors.count("is stopped: nothing is written to its logs") == 1
    operator.run("metrics", "fraud")
    assert 'Endpoint "fraud" is stopped: it answers no requests' in operator.errors


def query(operator: Operator, times: int) -> None:
    for _ in range(times):
        operator.frozen.call("POST", "/serving-endpoints/fraud/invocations", ROWS)


def minute(operator: Operator) -> None:
    operator.frozen.clock.advance(60)


def test_metrics_are_a_table(operator: Operator) -> None:
    query(operator, 6)
    minute(operator)
    heading, whole, one, two, caption = operator.run("metrics")
    assert heading.split()[:6] == ["endpoint", "requests", "req/s", "4xx", "5xx", "errors"]
    assert heading.split()[-3:] == ["cpu", "memory", "concurrency"]
    assert whole.split()[:6] == ["fraud", "6", "0.10", "0", "0", "0"]
    assert (one.split()[:2], two.split()[:2]) == (["one", "6"], ["two", "0"])
    assert caption.startswith("The last full minute, to 14:1")


def test_narrow_table_keeps_names_whole(operator: Operator) -> None:
    names = ["a-served-entity-x", "another"]
    operator.put(*(entity(name, "7") for name in names))
    operator.frozen.clock.advance(70)
    found = MetricsReader(read_targets("dev")).read([*read_targets("dev").endpoints.values()])
    console = Console(width=80, file=io.StringIO())
    with console.capture() as capture:
        console.print(table(found, 80))
    assert [line.split()[0] for line in capture.get().splitlines()] == ["endpoint", "fraud", *names]


def test_several_endpoints_can_be_named(operator: Operator) -> None:
    minute(operator)
    (found,) = [json.loads(line) for line in operator.run("metrics", "fraud", "fraud", "--json")]
    assert found["endpoint"] == "fraud"
    operator.run("metrics", "fraud", "nobody", status=1)


def test_metrics_are_json(operator: Operator) -> None:
    query(operator, 6)
    minute(operator)
    (found,) = [json.loads(line) for line in operator.run("metrics", "fraud", "--json")]
    assert (found["endpoint"], found["problem"]) == ("fraud", None)
    assert found["interval_end"].startswith("2026-09-21T14:1")
    assert found["interval_end"].endswith("+00:00")
    assert (found["figures"]["requests"], found["entities"]["two"]["requests"]) == (6, 0)
    assert found["entities"]["one"]["load"]["concurrency"] == 4


def test_raw_metrics_are_the_workspace_s(operator: Operator) -> None:
    minute(operator)
    exported = client.connect(operator.frozen.settings()).text(f"{LISTING}/fraud/metrics")
    assert operator.run("metrics", "fraud", "--raw") == exported.splitlines()


def test_followed_metrics_show_each_minute_once(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    query(operator, 3)
    pauses = meanwhile(*[nothing] * 5, lambda: query(operator, 2), *[nothing] * 6)
    lines = operator.run("metrics", "fraud", "--json", "--follow", status=130)
    found = [json.loads(line) for line in lines]
    ends = [each["interval_end"] for each in found]
    assert len(ends) == len(set(ends)) >= 3
    assert sum(each["figures"]["requests"] for each in found) == 5
    assert set(pauses) == {15.0}


def test_followed_metrics_survive_an_outage(operator: Operator, meanwhile: Callable[..., list[float]]) -> None:
    minute(operator)
    meanwhile(
        lambda: fault(operator, "GET /*metrics", status=500),
        nothing,
        lambda: operator.frozen.call("DELETE", f"{LISTING}/fraud"),
    )
    operator.run("metrics", "fraud", "--follow", status=1)
    assert "can't be read" in operator.errors
    assert 'Endpoint "fraud" is not in the workspace' in operator.errors


@pytest.mark.parametrize(("heading", "command"), [("Logs", logs_command), ("Metrics", metrics_cli.metrics_command)])
def test_page_names_every_option(heading: str, command: click.Command) -> None:
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    options = [name for each in command.params for name in each.opts if name.startswith("--")]
    assert [name for name in options if f"`{name}`" not in page.partition("\n## ")[0]] == ["--stack"]


def test_page_shows_the_columns(operator: Operator) -> None:
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").partition("\n## Metrics\n")[2]
    shown = next(line for line in page.splitlines() if line.startswith("endpoint "))
    assert operator.run("metrics")[0].split() == shown.split()


def process(*arguments: str, stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """The command in a process of its own, in the current folder."""
    command = [sys.executable, "-m", "model_serving", *arguments, "--stack", "dev"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.usefixtures("operator")
def test_interrupted_process_ends_with_130() -> None:
    with process("logs", "fraud", "--follow") as running:
        assert running.stdout
        assert running.stdout.readline().startswith("one build")
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err.strip()) == (130, "Interrupted")


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("command", [("logs", "fraud"), ("metrics", "--raw")])
def test_closed_pipe_is_no_error(command: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with process(*command, stdout=writer) as running:
        os.close(writer)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (0, "")


def test_json_and_raw_exclude_each_other(operator: Operator) -> None:
    operator.run("metrics", "--json", "--raw", status=3)
    assert operator.errors == "--json and --raw exclude each other\n"
