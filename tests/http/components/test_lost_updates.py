"""Sending again what did not arrive: waiting for updates, answers that are lost, an endpoint that is gone."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.deployment import lost_updates
from model_serving.components.deployment.lost_updates import DeliveryError, deliver, warn_of_missing
from model_serving.components.inputs import model_serving

PLACE = "/api/2.0/serving-endpoints/fraud"


@pytest.fixture
def live(still: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An endpoint that is being deployed with version 7. A pause moves the workspace's clock."""
    still.endpoint("fraud")
    pauses = SimpleNamespace(monotonic=still.clock.now, sleep=still.clock.advance)
    monkeypatch.setattr(lost_updates, "time", pauses)
    return still


def declared(version: str) -> dict[str, Any]:
    entity = ServedEntityArgs(entity="main.ml.fraud", version=version, workload_size="Small")
    return model_serving(ServingEndpointArgs("fraud", {"one": entity}, tags={"team": "risk"}))


def send(still: Any, version: str) -> None:
    """As in an `up` after one that put these inputs into the state and not into the workspace."""
    deliver(still.settings(), declared(version), declared(version))


def version_of(still: Any) -> str:
    return str(still.call("GET", PLACE)["config"]["served_entities"][0]["entity_version"])


def fault(still: Any, rule: dict[str, Any]) -> None:
    still.call("POST", "/_workspace/faults", rule)


def test_a_running_update_is_waited_for_and_not_sent_again(live: Any) -> None:
    send(live, "7")
    assert version_of(live) == "7"
    assert live.requests(f"{PLACE}/config") == []
    assert live.requests(f"{PLACE}/tags") == [("PATCH", 200)]


def test_what_is_sent_serves_at_the_end(live: Any) -> None:
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
def test_a_refusal_is_an_error_in_the_workspace_s_words(live: Any, path: str) -> None:
    refusal = {"status": 403, "error_code": "PERMISSION_DENIED", "message": "No CAN_MANAGE"}
    fault(live, {"pattern": f"* {PLACE}/{path}", **refusal})
    with pytest.raises(DeliveryError, match=r'^Endpoint "fraud": No CAN_MANAGE'):
        send(live, "8")


def test_an_update_without_end_is_an_error_with_the_next_command(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_updates, "LONGEST_SECONDS", 5)
    with pytest.raises(DeliveryError, match=r"still being updated after 0 minutes.* run `pulumi up` again"):
        send(live, "8")


def test_an_endpoint_that_is_gone_is_an_error_with_the_way_out(live: Any) -> None:
    live.call("DELETE", PLACE)
    for check in (deliver, warn_of_missing):
        with pytest.raises(DeliveryError, match=r'"fraud" is not in the workspace.*`pulumi up --refresh` creates it'):
            check(live.settings(), declared("7"), declared("7"))


def test_preview_only_reads(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    warn_of_missing(live.settings(), declared("8"), declared("8"))
    assert warnings.pop() == 'Endpoint "fraud": an update is still running; `pulumi up` waits until it is over'
    live.clock.advance(60)
    warn_of_missing(live.settings(), declared("8"), declared("8"))
    assert '"one": entity_version 7 instead of 8; tag "team" is missing. The last update failed' in warnings.pop()
    assert version_of(live) == "7"
    warn_of_missing(live.settings(), declared("7"), declared("8"))
    assert "entity_version" not in warnings.pop()
