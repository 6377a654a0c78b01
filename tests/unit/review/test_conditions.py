"""Conditions of the live workspace in a report: each once, and some of them need a person."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.contract import conditions
from model_serving.databricks.resource_types import ENDPOINT_ACCESS
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.plan.events import from_events
from model_serving.review.plan.notices import Notice, NoticeKind
from model_serving.review.render import summary
from model_serving.review.render.markdown import markdown
from tests.unit.review.conftest import ENDPOINT, urn

Planned = Callable[..., dict[str, Any]]
Inputs = Callable[..., dict[str, Any]]


def violated(rule: str, message: str, name: str = "fraud", level: str = "advisory") -> dict[str, Any]:
    return {
        "policyEvent": {
            "resourceUrn": urn(ENDPOINT, name),
            "policyName": rule,
            "policyPackName": "model-serving",
            "message": f"What it requires.\n{message}",
            "enforcementLevel": level,
        }
    }


@pytest.fixture
def reported(plan: Planned, inputs: Inputs) -> Callable[..., Report]:
    def made(*events: dict[str, Any], names: tuple[str, ...] = ("fraud",), notices: tuple[Notice, ...] = ()) -> Report:
        """The report on a stack in which nothing changes but what the events say."""
        steps = [plan("same", name, inputs(name), inputs(name)) for name in names]
        return report(from_events([*steps, *events, {"summaryEvent": {}}]), notices=notices)

    return made


@pytest.mark.parametrize("rule", conditions.CONDITIONS)
def test_condition_is_no_part_of_the_change(reported: Callable[..., Report], rule: str) -> None:
    found = reported(violated(rule, "It is so\nfix: do this"))
    assert found.unchanged == 1
    assert found.verdict is (Verdict.APPROVAL if rule in conditions.NEED_SOMEONE else Verdict.FINE)
    _, _, below = markdown(found).partition("### 👁️ Not part of this change")
    assert "It is so" in below
    assert "**fix:** do this" in below


def test_stopped_endpoint_is_named_first(reported: Callable[..., Report]) -> None:
    found = reported(violated(conditions.ENDPOINTS_SERVE, "It is stopped"))
    assert str(summary.verdict(found)) == "prod: no changes, but look at fraud"


def test_mandatory_condition_refuses(reported: Callable[..., Report]) -> None:
    found = reported(violated(conditions.ENDPOINTS_SERVE, "It is stopped", level="mandatory"))
    assert found.verdict is Verdict.FAILED


def test_unmanaged_endpoints_are_one_line(reported: Callable[..., Report]) -> None:
    names = ("fraud", "iris")
    events = [violated(conditions.PERMISSIONS_DECLARED, f"{name} is not managed", name) for name in names]
    comment = markdown(reported(*events, names=names))
    assert comment.count("is not managed") == 1
    assert "`fraud` and 1 more (`permissions-declared`)" in comment


def test_removed_grant_is_reported_by_its_change_alone(plan: Planned, reported: Callable[..., Report]) -> None:
    granted = {"endpointId": "e1", "accessControls": [{"groupName": "ml", "permissionLevel": "CAN_QUERY"}]}
    step = plan("update", "fraud-permissions", granted, {**granted, "accessControls": []}, ENDPOINT_ACCESS)
    found = reported(step, violated(conditions.NO_UNDECLARED_PERMISSIONS, "ml may query it"))
    assert found.conditions == ()
    assert [str(grant.principal) for grant in found.resources[0].grants] == ["ml (group)"]


def test_unread_permissions_are_reported_once(reported: Callable[..., Report]) -> None:
    known = Notice(NoticeKind.UNREAD, "`reviewer` may not read permissions (`fraud`)")
    event = violated(conditions.PERMISSIONS_READABLE, "could not be read")
    assert len(reported(event).conditions) == 1
    assert reported(event, notices=(known,)).conditions == ()
