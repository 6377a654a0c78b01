"""Resending lost updates: updates in progress, lost answers, an endpoint that was deleted."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.deployment.lost_updates import LostUpdateError, resend_lost_update, warn_of_lost_update
from model_serving.components.inputs import endpoint_inputs
from model_serving.databricks import serving_endpoints

PLACE = "/api/2.0/serving-endpoints/fraud"


@pytest.fixture
def live(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An endpoint that is being deployed with version 7. A pause moves the workspace's clock."""
    frozen.endpoint("fraud")
    pauses = SimpleNamespace(monotonic=frozen.clock.now, sleep=frozen.clock.advance)
    monkeypatch.setattr(serving_endpoints, "time", pauses)
    return frozen


def declared(version: str) -> dict[str, Any]:
    entity = ServedEntityArgs(entity="main.ml.fraud", version=version, workload_size="Small")
    args = ServingEndpointArgs(name="fraud", served_entities={"one": entity}, tags={"team": "risk"})
    return endpoint_inputs(args).model_serving


def send(frozen: Any, version: str) -> None:
    """Run the hook as `up` does after an update that reached the state and not the workspace."""
    resend_lost_update(frozen.settings(), declared(version), declared(version))


def version_of(frozen: Any) -> str:
    return str(frozen.call("GET", PLACE)["config"]["served_entities"][0]["entity_version"])


def fault(frozen: Any, rule: dict[str, Any]) -> None:
    frozen.call("POST", "/_workspace/faults", rule)


def test_an_update_in_progress_is_not_resent(live: Any) -> None:
    send(live, "7")
    assert version_of(live) == "7"
    assert live.requests(f"{PLACE}/config") == []
    assert live.requests(f"{PLACE}/tags") == [("PATCH", 200)]


def test_a_resent_update_is_served(live: Any) -> None:
    send(live, "8")
    assert version_of(live) == "8"
    assert live.requests(f"{PLACE}/config") == [("PUT", 200)]


@pytest.mark.parametrize("lost", [{"status": 504}, {"reset": True}], ids=["504", "reset"])
def test_a_lost_answer_is_no_failure(live: Any, lost: dict[str, Any]) -> None:
    for path in ("config", "tags"):
        fault(live, {"pattern": f"* {PLACE}/{path}", "after_handler": True, **lost})
    send(live, "8")
    assert version_of(live) == "8"
    assert live.call("GET", PLACE)["tags"] == [{"key": "team", "value": "risk"}]


@pytest.mark.parametrize("path", ["config", "tags"])
def test_a_refusal_has_the_workspace_message(live: Any, path: str) -> None:
    refusal = {"status": 403, "error_code": "PERMISSION_DENIED", "message": "No CAN_MANAGE"}
    fault(live, {"pattern": f"* {PLACE}/{path}", **refusal})
    with pytest.raises(LostUpdateError, match=r'^Endpoint "fraud": No CAN_MANAGE'):
        send(live, "8")


def test_an_endless_update_names_the_command(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_endpoints, "LONGEST_UPDATE_SECONDS", 5)
    with pytest.raises(LostUpdateError, match=r"still being updated after 0 minutes.* run `pulumi up` again"):
        send(live, "8")


def test_a_deleted_endpoint_names_the_command(live: Any) -> None:
    live.call("DELETE", PLACE)
    for check in (resend_lost_update, warn_of_lost_update):
        with pytest.raises(LostUpdateError, match=r'"fraud" is not in the workspace.*`pulumi up --refresh` creates it'):
            check(live.settings(), declared("7"), declared("7"))


def test_preview_only_reads(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    warn_of_lost_update(live.settings(), declared("8"), declared("8"))
    assert warnings.pop() == 'Endpoint "fraud": an update is in progress; `pulumi up` waits until it ends'
    live.clock.advance(60)
    warn_of_lost_update(live.settings(), declared("8"), declared("8"))
    assert '"one": entity_version 7 instead of 8; tag "team" is missing. The last update failed' in warnings.pop()
    assert version_of(live) == "7"
    warn_of_lost_update(live.settings(), declared("7"), declared("8"))
    assert "entity_version" not in warnings.pop()
