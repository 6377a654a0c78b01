"""Endpoints that a change stops or starts: what callers get, what it costs, and what is written in which order."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.databricks.resource_types import ENDPOINT_STOP
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.plan.events import from_events

Planned = Callable[..., dict[str, Any]]
STOP: dict[str, Any] = {"endpointId": "e1", "endpointName": "fraud", "stopped": True, "deployment": "a1"}


def stop(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    parent = "urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint::fraud"
    urn = f"urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint${ENDPOINT_STOP}::fraud-stop"
    sides = {
        side: None if inputs is None else {"parent": parent, "inputs": inputs, "outputs": inputs}
        for side, inputs in (("old", old), ("new", new))
    }
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, **sides}}}


@pytest.fixture
def reported(plan: Planned, inputs: Callable[..., dict[str, Any]]) -> Callable[..., Report]:
    def build(op: str, *stops: dict[str, Any], **changed: Any) -> Report:
        before = None if op == "create" else inputs("fraud")
        after = None if op == "delete" else inputs("fraud", **changed)
        return report(from_events([plan(op, "fraud", before, after), *stops, {"summaryEvent": {}}]))

    return build


def impacts(found: Report) -> list[tuple[Risk, str]]:
    return [(each.risk, str(each.what)) for each in found.resources[0].impacts]


def test_stop_is_an_outage(reported: Callable[..., Report]) -> None:
    found = reported("same", stop("create", None, STOP))
    assert impacts(found) == [
        (Risk.OUTAGE, "Stopped: every request gets 400 until it is started"),
        (Risk.COST, "No longer runs on any compute"),
    ]
    assert found.verdict is Verdict.APPROVAL
    assert [(row.label, row.before, row.after) for row in found.resources[0].fields] == [("stopped", "", "true")]
    assert [str(write.text) for write in found.order] == ["Stop endpoint fraud"]


def test_start_is_billed_again(reported: Callable[..., Report]) -> None:
    found = reported("same", stop("delete", STOP, None))
    assert impacts(found) == [
        (Risk.BEHAVIOUR, "Started: it answers requests again"),
        (Risk.COST, "Billed again as soon as it is up"),
    ]
    assert [str(write.text) for write in found.order] == ["Start endpoint fraud"]


def test_start_by_hand_is_shown_and_undone(reported: Callable[..., Report]) -> None:
    started = {**STOP, "stopped": False}
    found = reported("same", stop("refresh", STOP, started), stop("update", started, STOP))
    assert impacts(found) == [(Risk.OUTAGE, "Stopped again: every request gets 400 until it is started")]
    assert [(row.label, row.before, row.after) for row in found.resources[0].drift] == [("stopped", "true", "false")]
    unrefreshed = reported("same", stop("update", STOP, STOP))
    assert impacts(unrefreshed) == impacts(found)


def test_new_config_of_a_stopped_endpoint_is_no_outage(reported: Callable[..., Report]) -> None:
    found = reported("update", stop("update", STOP, {**STOP, "deployment": "b2"}), tags=[{"key": "a", "value": "b"}])
    assert (Risk.COST, "Stays stopped: the new config is deployed, and answers no requests") in impacts(found)
    assert Risk.OUTAGE not in [risk for risk, _ in impacts(found)]
    assert [str(write.text) for write in found.order] == ["Update endpoint fraud", "Stop endpoint fraud"]


def test_new_stopped_endpoint_is_no_outage(reported: Callable[..., Report]) -> None:
    found = reported("create", stop("create", None, STOP))
    what = "Deployed, then stopped: it answers no requests and runs on no compute"
    assert (Risk.COST, what) in impacts(found)
    assert Risk.OUTAGE not in [risk for risk, _ in impacts(found)]


def test_deleted_stopped_endpoint_is_not_started(reported: Callable[..., Report]) -> None:
    found = reported("delete", stop("delete", STOP, None))
    assert [str(write.text) for write in found.order] == ["Delete endpoint fraud"]
    assert "Started: it answers requests again" not in [what for _, what in impacts(found)]


def test_digest_covers_a_stop(reported: Callable[..., Report]) -> None:
    digests = {reported("same").digest, reported("same", stop("create", None, STOP)).digest}
    assert len(digests | {reported("same", stop("delete", STOP, None)).digest}) == 3
