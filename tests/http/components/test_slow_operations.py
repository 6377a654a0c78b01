"""Messages about slow operations: what they wait for, the workspace's answer, and the timeout."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from model_serving.components.deployment import slow_operations
from model_serving.components.deployment.slow_operations import Operation, SlowOperations

LISTING = "/api/2.0/serving-endpoints"


@pytest.fixture
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report every operation, at every tick."""
    for name, seconds in (("FIRST_MESSAGE_SECONDS", 0), ("NEXT_MESSAGE_SECONDS", 0), ("_TICK_SECONDS", 0.05)):
        monkeypatch.setattr(slow_operations, name, seconds)
    monkeypatch.setattr(slow_operations, "_PROBE_SECONDS", "1")
    monkeypatch.setattr(slow_operations, "_PROBE_EVERY_SECONDS", 0)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(slow_operations, "print_line", lines.append)
    return lines


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def operations_of(frozen: Any, **settings: str) -> SlowOperations:
    return SlowOperations({**frozen.settings(), **settings})


@pytest.mark.usefixtures("no_delay")
def test_a_missing_endpoint_is_reported(frozen: Any, said: list[str]) -> None:
    operations = operations_of(frozen, retryTimeoutSeconds="300")
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    operations.begin(fraud)
    until(lambda: said)
    assert said[0] == (
        'Waited 0 s for serving endpoint "fraud": the workspace answers, but has not created it.'
        " A call that gets no answer, or 429 or 503, fails after 300 s"
    )
    operations.end(fraud)
    until(lambda: operations._thread is None)  # noqa: SLF001


@pytest.mark.usefixtures("no_delay")
def test_an_unavailable_workspace_is_reported(frozen: Any, said: list[str]) -> None:
    frozen.call("POST", "/_workspace/faults", {"pattern": f"GET {LISTING}*", "status": 503, "body": "no", "times": -1})
    operations = operations_of(frozen)
    checkout = Operation("service principal", "checkout")
    operations.begin(checkout)
    until(lambda: said)
    start = f'Waited 0 s for service principal "checkout": The workspace {frozen.origin} answers 503 (no) to GET'
    assert said[0].startswith(start)
    assert said[0].endswith("There is no timeout; to set one: pulumi config set databricks:retryTimeoutSeconds 300")
    operations.end(checkout)


@pytest.mark.usefixtures("no_delay")
@pytest.mark.parametrize("seconds", ["0", "1000"])
def test_a_healthy_deployment_may_be_silent(
    frozen: Any, said: list[str], monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv("MODEL_SERVING_PROGRESS_SECONDS", seconds)
    frozen.endpoint("fraud")
    operations = operations_of(frozen)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    permissions = Operation("permissions", "fraud-permissions", after=("serving endpoint",))
    operations.begin(fraud)
    operations.begin(permissions)
    until(lambda: len(frozen.requests(f"{LISTING}/fraud")) > 3)
    assert said == []
    operations.end(fraud)
    until(lambda: said)
    assert said[0].startswith('Waited 0 s for permissions "fraud-permissions": the workspace answers, but not')
    operations.end(permissions)


@pytest.mark.usefixtures("no_delay")
def test_a_deployment_reports_its_progress(frozen: Any, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_SERVING_PROGRESS_SECONDS", "0.01")
    frozen.endpoint("fraud")
    operations = operations_of(frozen)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    operations.begin(fraud)
    until(lambda: said)
    assert said[0].startswith('Deploying endpoint "fraud" for 0 s: "one" (main.ml.fraud v7) creating, Creating')
    assert "build log" not in said[0]
    frozen.clock.advance(3)
    until(lambda: '; build log: "' in said[-1])
    assert 'creating, Building container image for served entity; build log: "' in said[-1]
    frozen.clock.advance(60)
    until(lambda: "is not deploying it" in said[-1])
    operations.end(fraud)
    until(lambda: operations._thread is None)  # noqa: SLF001


@pytest.mark.usefixtures("no_delay")
def test_an_ended_deployment_is_not_reported(frozen: Any, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_SERVING_PROGRESS_SECONDS", "0.01")
    frozen.endpoint("fraud")
    operations = operations_of(frozen)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    read = operations._answer  # noqa: SLF001

    def ends_meanwhile(operation: Operation) -> Any:
        answer = read(operation)
        operations.end(operation)
        return answer

    monkeypatch.setattr(operations, "_answer", ends_meanwhile)
    operations.begin(fraud)
    until(lambda: operations._thread is None)  # noqa: SLF001
    assert said == []


@pytest.mark.usefixtures("no_delay")
def test_unreadable_logs_leave_the_rest(frozen: Any, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_SERVING_PROGRESS_SECONDS", "0.01")
    frozen.call("POST", "/_workspace/faults", {"pattern": "GET /*build-logs", "status": 403, "times": -1})
    frozen.endpoint("fraud")
    operations = operations_of(frozen)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    operations.begin(fraud)
    until(lambda: said)
    operations.end(fraud)
    assert said[0].startswith('Deploying endpoint "fraud" for')
    assert "build log" not in said[0]


def test_a_quick_operation_sends_no_request(frozen: Any, said: list[str]) -> None:
    operations = operations_of(frozen)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    before = len(frozen.call("GET", "/_workspace/journal")["requests"])
    operations.begin(fraud)
    time.sleep(1.5)
    operations.end(fraud)
    assert said == []
    assert len(frozen.call("GET", "/_workspace/journal")["requests"]) == before + 1
