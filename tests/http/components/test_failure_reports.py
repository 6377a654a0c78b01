"""Why an update or a creation failed, from the endpoint, its entities and their build logs."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from model_serving.components.deployment import failure_hooks
from model_serving.components.deployment.failure_hooks import report_failed_creation, report_failed_update
from model_serving.databricks.client import connect
from model_serving.databricks.failure_report import failure_report, state_report

PLACE = "/api/2.0/serving-endpoints/fraud"
BROKEN = {"models": {"main.ml.fraud": {"versions": {8: {"fails": "pip could not resolve numpy"}}}}}

ABORTED = "Served entity creation aborted because the endpoint update failed."


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The logged errors."""
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", logged.append)
    return logged


@pytest.fixture
def update(frozen: Any) -> Any:
    """An endpoint that serves version 7 and is being updated to version 8, which cannot be deployed."""
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    frozen.call("POST", "/_workspace/seed", BROKEN)
    entities = [
        {"name": name, "entity_name": "main.ml.fraud", "entity_version": version, "scale_to_zero_enabled": False}
        for name, version in (("one", "7"), ("two", "8"))
    ]
    routes = [{"served_entity_name": name, "traffic_percentage": 50} for name in ("one", "two")]
    frozen.call("PUT", f"{PLACE}/config", {"served_entities": entities, "traffic_config": {"routes": routes}})
    return frozen


def state(frozen: Any) -> str | None:
    """What a preview reports of the endpoint."""
    found = state_report(connect(frozen.settings()), frozen.call("GET", PLACE))
    return str(found) if found else None


def test_a_failed_update_is_explained(update: Any, errors: list[str]) -> None:
    update.clock.advance(60)
    report_failed_update(update.settings(), "fraud")
    lines = errors[0].splitlines()
    assert [line.partition("Z] ")[2] or line for line in lines] == [
        'The last update of endpoint "fraud" failed:',
        f'  "one" (main.ml.fraud v7) DEPLOYMENT_ABORTED: {ABORTED}',
        '  "two" (main.ml.fraud v8) DEPLOYMENT_FAILED: pip could not resolve numpy',
        "    build log (all of it: databricks serving-endpoints build-logs fraud two), the last lines:",
        "Fetching main.ml.fraud version 8",
        "Building the image of two",
        "ERROR: pip could not resolve numpy",
        '  It still serves: "one" (main.ml.fraud v7) 100 %',
        "  Correct the stack file or the model, then run `pulumi up`",
    ]
    assert state(update) == errors[0]


def test_an_update_in_progress_is_reported(update: Any, errors: list[str]) -> None:
    report_failed_update(update.settings(), "fraud")
    assert errors == ['Endpoint "fraud" is still being updated. `pulumi up` waits until the update ends']
    assert state(update) is None


def test_a_serving_endpoint_is_not_reported(frozen: Any, errors: list[str]) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    report_failed_update(frozen.settings(), "fraud")
    report_failed_update(frozen.settings(), "another")
    assert (errors, state(frozen)) == ([], None)
    frozen.call("POST", f"{PLACE}/config:stop")
    assert state(frozen) == (
        'Endpoint "fraud" is stopped (last changed on 2026-09-21 14:14 UTC): every request is answered 400'
    )


def test_a_failing_entity_is_reported_with_its_share(frozen: Any) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    frozen.call("POST", "/_workspace/endpoints/fraud/failures", {"entity": "one", "message": "out of memory"})
    assert state(frozen) == (
        'Endpoint "fraud" serves only in part\n'
        '  "one" (main.ml.fraud v7) DEPLOYMENT_FAILED: out of memory (100 % of the traffic)'
    )


def test_a_canceled_update_and_an_unreadable_log(update: Any) -> None:
    update.call("POST", "/_workspace/faults", {"pattern": "GET /*build-logs", "status": 403})
    update.clock.advance(60)
    live = update.call("GET", PLACE)
    assert "build log" not in failure_report(connect(update.settings()), live)
    live["state"]["config_update"] = "UPDATE_CANCELED"
    assert failure_report(connect(update.settings()), live).startswith(
        'The last update of endpoint "fraud" was canceled:'
    )


def test_a_failed_creation_is_explained(frozen: Any, errors: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The polling starts before the endpoint exists."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        if not pauses:
            frozen.call(
                "POST", "/_workspace/seed", {"models": {"main.ml.fraud": {"versions": {7: {"fails": "no numpy"}}}}}
            )
            frozen.endpoint("fraud")
        pauses.append(seconds)
        frozen.clock.advance(seconds)

    monkeypatch.setattr(failure_hooks, "time", SimpleNamespace(monotonic=frozen.clock.now, sleep=pause))
    report_failed_creation(frozen.settings(), "fraud")
    assert len(pauses) == 4  # the build fails before all of the deployment's time has passed
    assert errors[0].startswith(
        'The first deployment of endpoint "fraud" failed:\n  "one" (main.ml.fraud v7) DEPLOYMENT_FAILED: no numpy\n'
    )
    assert "ERROR: no numpy\n  It serves nothing\n" in errors[0]
    assert errors[0].endswith("deletes an endpoint whose creation failed, and its logs with it")


def test_a_successful_or_deleted_creation_is_silent(
    frozen: Any, errors: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_hooks, "time", SimpleNamespace(monotonic=frozen.clock.now, sleep=frozen.clock.advance))
    frozen.endpoint("fraud")
    report_failed_creation(frozen.settings(), "fraud")
    monkeypatch.setattr(failure_hooks, "time", SimpleNamespace(monotonic=frozen.clock.now, sleep=lambda _: delete()))

    def delete() -> None:
        frozen.call("DELETE", "/api/2.0/serving-endpoints/other")

    frozen.endpoint("other")
    report_failed_creation(frozen.settings(), "other")
    assert errors == []
