"""Stop and start an endpoint: idempotent, bounded, with words while waiting, and right when an answer is lost."""

from types import SimpleNamespace
from typing import Any

import pytest

from model_serving.databricks import serving_endpoints, stopping
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import CallError, NotFoundError
from model_serving.databricks.stopping import (
    NotStartedError,
    NotStoppedError,
    begin_start,
    start_endpoint,
    stop_endpoint,
)

PLACE = "/api/2.0/serving-endpoints/fraud"


class Said(list[str]):
    """The sentences that were printed while waiting."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def workspace(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with the endpoint `fraud`, deployed; a pause moves its clock."""
    frozen.call("POST", "/_workspace/seed", {"models": {"main.ml.fraud": {"versions": 9}}})
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    pauses = SimpleNamespace(monotonic=frozen.clock.now, sleep=frozen.clock.advance)
    for module in (serving_endpoints, stopping):
        monkeypatch.setattr(module, "time", pauses)
    return connect(frozen.settings())


def state(frozen: Any) -> tuple[str, str]:
    found = frozen.call("GET", PLACE)["state"]
    return found["ready"], found["suspend"]


def sent(frozen: Any, action: str) -> list[int]:
    """The statuses of the calls of an action."""
    return [status for _, status in frozen.requests(f"{PLACE}/config:{action}")]


def fail(frozen: Any, action: str, **rule: Any) -> None:
    frozen.call("POST", "/_workspace/faults", {"pattern": f"POST {PLACE}/config:{action}", **rule})


def test_stop_and_start_are_idempotent(frozen: Any, workspace: Workspace, said: Said) -> None:
    assert stop_endpoint(workspace, "fraud", said.append)
    assert not stop_endpoint(workspace, "fraud", said.append)
    assert (state(frozen), sent(frozen, "stop"), said) == (("NOT_READY", "STOPPED"), [200], [])
    assert start_endpoint(workspace, "fraud", said.append)
    assert not start_endpoint(workspace, "fraud", said.append)
    assert (state(frozen), sent(frozen, "start")) == (("READY", "NOT_SUSPENDED"), [200])
    assert said == ['Endpoint "fraud" is being deployed ("one" creating). Waited 0 s, 45 min at most']


@pytest.mark.parametrize("rule", [{"status": 500}, {"status": 504, "body": "upstream timed out"}])
def test_lost_answer_is_not_a_failure(frozen: Any, workspace: Workspace, said: Said, rule: dict[str, Any]) -> None:
    fail(frozen, "stop", after_handler=True, **rule)
    assert stop_endpoint(workspace, "fraud", said.append)
    fail(frozen, "start", after_handler=True, **rule)
    assert start_endpoint(workspace, "fraud", said.append)
    assert (sent(frozen, "stop"), sent(frozen, "start")) == ([rule["status"]], [rule["status"]])
    assert state(frozen) == ("READY", "NOT_SUSPENDED")


def test_refused_call_is_raised(frozen: Any, workspace: Workspace, said: Said) -> None:
    fail(frozen, "stop", status=400, error_code="INVALID_STATE", message="cannot be stopped")
    with pytest.raises(CallError, match="cannot be stopped"):
        stop_endpoint(workspace, "fraud", said.append)
    assert state(frozen) == ("READY", "NOT_SUSPENDED")


def test_update_in_progress_is_waited_for(frozen: Any, workspace: Workspace, said: Said) -> None:
    entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "8", "workload_size": "Small"}
    frozen.call("PUT", f"{PLACE}/config", {"served_entities": [entity | {"scale_to_zero_enabled": False}]})
    assert stop_endpoint(workspace, "fraud", said.append)
    assert sent(frozen, "stop") == [200]
    assert said[0].startswith('Endpoint "fraud" is being deployed ("one" creating)')


def test_conflict_is_waited_for(frozen: Any, workspace: Workspace, said: Said) -> None:
    """An update began between the read and the call."""
    fail(frozen, "stop", status=409, error_code="RESOURCE_CONFLICT")
    assert stop_endpoint(workspace, "fraud", said.append)
    assert sent(frozen, "stop") == [409, 200]


def test_wait_is_bounded(workspace: Workspace, said: Said) -> None:
    stop_endpoint(workspace, "fraud", said.append)
    with pytest.raises(NotStartedError, match='"fraud" is still being deployed after 5 s'):
        start_endpoint(workspace, "fraud", said.append, seconds=5)
    with pytest.raises(NotStoppedError, match='"fraud" is still being deployed after 2 s'):
        stop_endpoint(workspace, "fraud", said.append, seconds=2)
    assert not start_endpoint(workspace, "fraud", said.append)


def test_failed_start_says_why(frozen: Any, workspace: Workspace, said: Said) -> None:
    stop_endpoint(workspace, "fraud", said.append)
    frozen.call("DELETE", "/api/2.1/unity-catalog/models/main.ml.fraud/versions/7")
    with pytest.raises(NotStartedError) as failed:
        start_endpoint(workspace, "fraud", said.append)
    assert "Model version '7' of registered model 'main.ml.fraud' does not exist" in str(failed.value)
    assert "It serves nothing: it is stopped" in str(failed.value)


def test_start_need_not_wait(frozen: Any, workspace: Workspace, said: Said) -> None:
    stop_endpoint(workspace, "fraud", said.append)
    assert begin_start(workspace, "fraud")
    assert (frozen.call("GET", PLACE)["state"]["config_update"], said) == ("IN_PROGRESS", [])


def test_missing_endpoint_is_not_found(workspace: Workspace, said: Said) -> None:
    for act in (stop_endpoint, start_endpoint):
        with pytest.raises(NotFoundError):
            act(workspace, "another", said.append)
