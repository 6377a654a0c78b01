"""The provider of a stopped endpoint: what it writes, what it sees, and when it starts the endpoint."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from model_serving.components.endpoint_stop.provider import StopError, StopProvider
from model_serving.databricks import serving_endpoints, stopping

Inputs = Callable[..., dict[str, Any]]
PLACE = "/api/2.0/serving-endpoints/fraud"


@pytest.fixture
def declared(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    """Inputs of a stopped endpoint; a pause moves the workspace's clock."""
    frozen.call("POST", "/_workspace/seed", {"models": {"main.ml.fraud": {"versions": 9}}})
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    pauses = SimpleNamespace(monotonic=frozen.clock.now, sleep=frozen.clock.advance)
    for module in (serving_endpoints, stopping):
        monkeypatch.setattr(module, "time", pauses)
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    endpoint_id = frozen.call("GET", PLACE)["id"]

    def inputs(**more: Any) -> dict[str, Any]:
        named = {"endpointId": endpoint_id, "endpointName": "fraud", "workspace": frozen.settings()}
        return {**named, "stopped": True, "deployment": "a1", **more}

    return inputs


def writes(frozen: Any) -> list[str]:
    listed = frozen.call("GET", "/_workspace/journal")["requests"]
    return [each["path"].rpartition(":")[2] for each in listed if "/config:" in each["path"]]


def suspend(frozen: Any) -> str:
    return str(frozen.call("GET", PLACE)["state"]["suspend"])


def test_creating_stops_and_deleting_starts(frozen: Any, declared: Inputs) -> None:
    made = StopProvider().create(declared()).outs or {}
    assert suspend(frozen) == "STOPPED"
    assert not StopProvider().diff("fraud", made, declared()).changes
    StopProvider().delete("fraud", made)
    assert (frozen.call("GET", PLACE)["state"]["ready"], writes(frozen)) == ("READY", ["stop", "start"])


def test_endpoint_stopped_by_hand_is_not_written(frozen: Any, declared: Inputs) -> None:
    frozen.call("POST", f"{PLACE}/config:stop")
    StopProvider().create(declared())
    assert writes(frozen) == ["stop"]


def test_endpoint_started_by_hand_is_a_difference(frozen: Any, declared: Inputs) -> None:
    made = StopProvider().create(declared()).outs or {}
    frozen.call("POST", f"{PLACE}/config:start")
    frozen.clock.advance(60)
    assert StopProvider().diff("fraud", made, declared()).changes
    refreshed = StopProvider().read("fraud", made).outs or {}
    assert refreshed["stopped"] is False
    assert StopProvider().diff("fraud", refreshed, declared()).changes
    updated = StopProvider().update("fraud", refreshed, declared()).outs or {}
    assert (updated["stopped"], suspend(frozen)) == (True, "STOPPED")


@pytest.mark.parametrize(
    ("frozen", "calls"),
    [([], ["stop", "stop"]), (["update-of-a-stopped-endpoint=stays-stopped"], ["stop"])],
    indirect=["frozen"],
    ids=["starts", "stays stopped"],
)
def test_deployment_of_a_stopped_endpoint_ends_stopped(frozen: Any, declared: Inputs, calls: list[str]) -> None:
    made = StopProvider().create(declared()).outs or {}
    entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "8", "workload_size": "Small"}
    frozen.call("PUT", f"{PLACE}/config", {"served_entities": [entity | {"scale_to_zero_enabled": False}]})
    changed = declared(deployment="b2")
    assert StopProvider().diff("fraud", made, changed).changes
    updated = StopProvider().update("fraud", made, changed).outs or {}
    assert (suspend(frozen), writes(frozen)) == ("STOPPED", calls)
    assert not StopProvider().diff("fraud", updated, changed).changes


def test_new_credentials_are_kept_without_a_write(frozen: Any, declared: Inputs) -> None:
    made = StopProvider().create(declared()).outs or {}
    _, settings = frozen.principal()
    assert StopProvider().diff("fraud", made, declared(workspace=settings)).changes
    slower = declared(workspace={**frozen.settings(), "retryTimeoutSeconds": "5"})
    assert not StopProvider().diff("fraud", made, slower).changes
    StopProvider().update("fraud", made, slower)
    assert writes(frozen) == ["stop"]


def test_update_in_progress_is_shown_before_it_is_waited_for(
    frozen: Any, declared: Inputs, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = declared()
    StopProvider().check({}, inputs)
    assert capsys.readouterr().out == ""
    entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "8", "workload_size": "Small"}
    frozen.call("PUT", f"{PLACE}/config", {"served_entities": [entity | {"scale_to_zero_enabled": False}]})
    assert StopProvider().check({}, inputs).inputs == inputs
    sentence = 'Endpoint "fraud" is being updated, and can be stopped when that has ended: `pulumi up` waits for it, 45'
    assert capsys.readouterr().out.startswith(sentence)
    StopProvider().check(inputs, inputs)
    assert capsys.readouterr().out == ""


def test_interrupted_runs_are_continued(frozen: Any, declared: Inputs) -> None:
    """The engine repeats what a killed run did not record: nothing is sent twice."""
    StopProvider().create(declared())
    made = StopProvider().create(declared()).outs or {}
    frozen.call("POST", f"{PLACE}/config:start")
    StopProvider().delete("fraud", made)
    assert (frozen.call("GET", PLACE)["state"]["ready"], writes(frozen)) == ("READY", ["stop", "start"])


def test_another_endpoint_of_the_name_is_left_alone(frozen: Any, declared: Inputs) -> None:
    other = declared(endpointId="f" * 32)
    frozen.call("POST", f"{PLACE}/config:stop")
    StopProvider().delete("fraud", other)
    assert StopProvider().read("fraud", other).id == ""
    assert StopProvider().diff("fraud", other, declared()).replaces == ["endpointId"]
    with pytest.raises(StopError, match="not in the workspace any more"):
        StopProvider().create(other)
    assert writes(frozen) == ["stop"]


def test_unreadable_endpoint_is_no_difference(frozen: Any, declared: Inputs) -> None:
    made = StopProvider().create(declared()).outs or {}
    frozen.call("POST", "/_workspace/faults", {"pattern": f"GET {PLACE}", "status": 403, "times": -1})
    assert not StopProvider().diff("fraud", made, declared()).changes


def test_refusal_of_the_service_is_explained(frozen: Any, declared: Inputs) -> None:
    fault = {"pattern": f"POST {PLACE}/config:stop", "status": 400, "error_code": "INVALID_STATE", "message": "no"}
    frozen.call("POST", "/_workspace/faults", fault)
    with pytest.raises(StopError, match='Serving endpoint "fraud" could not be stopped: no'):
        StopProvider().create(declared())
