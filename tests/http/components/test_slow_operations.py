"""What is printed while an operation takes long: what it waits for, what the workspace answers, and the bound."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from model_serving.components.deployment import slow_operations
from model_serving.components.deployment.slow_operations import Operation, Watch

LISTING = "/api/2.0/serving-endpoints"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long is what takes any time at all, and each message is due."""
    for name, seconds in (("FIRST_MESSAGE_SECONDS", 0), ("NEXT_MESSAGE_SECONDS", 0), ("_TICK_SECONDS", 0.05)):
        monkeypatch.setattr(slow_operations, name, seconds)
    monkeypatch.setattr(slow_operations, "_PROBE_SECONDS", "1")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(slow_operations, "say", lines.append)
    return lines


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def watching(still: Any, **settings: str) -> Watch:
    return Watch({**still.settings(), **settings})


@pytest.mark.usefixtures("at_once")
def test_an_endpoint_that_is_not_created_is_named_with_the_bound(still: Any, said: list[str]) -> None:
    here = watching(still, retryTimeoutSeconds="300")
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    here.begin(fraud)
    until(lambda: said)
    assert said[0] == (
        'Waiting since 0 s for serving endpoint "fraud": the workspace answers, but has not created it.'
        " A call that is answered 429 or 503 is given up after 300 s"
    )
    here.end(fraud)
    until(lambda: here._thread is None)  # noqa: SLF001


@pytest.mark.usefixtures("at_once")
def test_an_unavailable_workspace_and_a_missing_bound_are_named(still: Any, said: list[str]) -> None:
    still.call("POST", "/_workspace/faults", {"pattern": f"GET {LISTING}*", "status": 503, "body": "no", "times": -1})
    here = watching(still)
    checkout = Operation("service principal", "checkout")
    here.begin(checkout)
    until(lambda: said)
    start = f'Waiting since 0 s for service principal "checkout": The workspace {still.origin} answers 503 (no) to GET'
    assert said[0].startswith(start)
    assert said[0].endswith(
        "It may wait without an end; to bound it: pulumi config set databricks:retryTimeoutSeconds 300"
    )
    here.end(checkout)


@pytest.mark.usefixtures("at_once")
def test_a_deployment_is_no_reason_to_speak_nor_what_waits_for_it(still: Any, said: list[str]) -> None:
    still.endpoint("fraud")
    here = watching(still)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    permissions = Operation("permissions", "fraud-permissions", after=("serving endpoint",))
    here.begin(fraud)
    here.begin(permissions)
    until(lambda: len(still.requests(f"{LISTING}/fraud")) > 3)
    assert said == []
    here.end(fraud)
    until(lambda: said)
    assert said[0].startswith('Waiting since 0 s for permissions "fraud-permissions": the workspace answers, but not')
    here.end(permissions)


def test_nothing_is_asked_of_the_workspace_while_all_is_quick(still: Any, said: list[str]) -> None:
    here = watching(still)
    fraud = Operation("serving endpoint", "fraud", endpoint="fraud")
    before = len(still.call("GET", "/_workspace/journal")["requests"])
    here.begin(fraud)
    time.sleep(1.5)
    here.end(fraud)
    assert said == []
    assert len(still.call("GET", "/_workspace/journal")["requests"]) == before + 1
