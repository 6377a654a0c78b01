"""`query` and `smoke` against a stopped, silent or unavailable workspace: an error within seconds, and status 1."""

import re
import socket
import time
from typing import Any

import pytest

from model_serving.databricks.timeouts import Timeouts
from model_serving.operations import reachability

PAYMENT = {"dataframe_records": [{"amount": 12.5}]}
SMOKE = "        - {request: {dataframe_records: [{amount: 12.5}]}}\n"
HALF_A_MINUTE = 30.0
"""Seconds. The SDK alone tries for five minutes."""
START = "Start the embedded workspace in another terminal: make workspace"


def move(deployed: Any, host: str) -> None:
    """Write another workspace into the stack file."""
    file = deployed.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(deployed.workspace.url, host), encoding="utf-8")


@pytest.mark.parametrize("command", ["query", "smoke"])
def test_a_stopped_workspace_is_reported_at_once(deployed: Any, command: str) -> None:
    deployed.declare(SMOKE)
    move(deployed, "http://127.0.0.1:1")
    what = ("plain", "--data", deployed.request(PAYMENT)) if command == "query" else ()
    began = time.monotonic()
    asked = deployed.run(command, *what)
    refused = f"The workspace http://127.0.0.1:1 does not answer: [Errno 111] Connection refused. {START}\n"
    assert (asked.status, asked.out, asked.err) == (1, "", refused)
    assert time.monotonic() - began < HALF_A_MINUTE


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds in place of twenty."""
    assert Timeouts(retry=20, answer=20) == reachability.TIMEOUTS
    monkeypatch.setattr(reachability, "TIMEOUTS", Timeouts(retry=2, answer=2))


@pytest.mark.usefixtures("short_timeouts")
def test_a_silent_workspace_times_out(deployed: Any) -> None:
    deployed.declare(SMOKE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        move(deployed, host)
        began = time.monotonic()
        asked = deployed.run("smoke")
    assert (asked.status, asked.err) == (1, f"The workspace {host} does not answer: timed out. {START}\n")
    assert 2 <= time.monotonic() - began < HALF_A_MINUTE


@pytest.mark.usefixtures("short_timeouts")
def test_an_unavailable_workspace_is_reported(deployed: Any) -> None:
    fault = {"pattern": "GET /.well-known/*", "status": 503, "body": "no healthy upstream", "times": -1}
    deployed.workspace.post("/_workspace/faults", fault)
    try:
        asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT))
    finally:
        deployed.workspace.delete("/_workspace/faults")
    said = re.escape(f"The workspace {deployed.workspace.url} answers 503 (no healthy upstream) to GET /.well-known/")
    rest = r"databricks-config, tried for \d+ s\. Run the command again when it is available\n"
    assert asked.status == 1
    assert re.fullmatch(said + rest, asked.err)


def test_a_lost_connection_is_retried(deployed: Any) -> None:
    deployed.workspace.post("/_workspace/faults", {"pattern": "GET /.well-known/*", "reset": True})
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT))
    assert asked.status == 0, asked.err
