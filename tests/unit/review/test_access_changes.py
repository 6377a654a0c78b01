"""Access lists that are emptied, and that are managed no longer."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.databricks.resource_types import ENDPOINT_ACCESS, PERMISSIONS
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.plan.events import from_events

Planned = Callable[..., dict[str, Any]]
QUERY = {"groupName": "ml-engineers", "permissionLevel": "CAN_QUERY"}
LISTED = {"servingEndpointId": "e1", "accessControls": [QUERY]}
EMPTY: dict[str, Any] = {"endpointId": "e1", "endpointName": "fraud", "accessControls": []}


def change(plan: Planned, inputs: Callable[..., dict[str, Any]], *steps: tuple[Any, ...]) -> ResourceChange:
    endpoint = plan("same", "fraud", inputs("fraud"), inputs("fraud"))
    events = [endpoint, *(plan(op, "fraud-permissions", old, new, kind) for op, old, new, kind in steps)]
    (found,) = report(from_events([*events, {"summaryEvent": {}}])).resources
    return found


def phrases(found: ResourceChange) -> list[str]:
    return [str(each.what) for each in found.impacts]


def test_grants_by_hand_lose_access(plan: Planned, inputs: Callable[..., dict[str, Any]]) -> None:
    found = change(plan, inputs, ("update", {**EMPTY, "accessControls": [QUERY]}, EMPTY, ENDPOINT_ACCESS))
    assert phrases(found) == ["ml-engineers (group) loses CAN_QUERY"]
    assert [(str(each.principal), each.before, each.after) for each in found.grants] == [
        ("ml-engineers (group)", "CAN_QUERY", None)
    ]


def test_list_that_becomes_empty_is_explained(plan: Planned, inputs: Callable[..., dict[str, Any]]) -> None:
    steps = (("create", None, EMPTY, ENDPOINT_ACCESS), ("delete", LISTED, None, PERMISSIONS))
    found = change(plan, inputs, *steps)
    assert sorted(phrases(found)) == [
        "Everyone loses access: the list of permissions is empty",
        "ml-engineers (group) loses CAN_QUERY",
    ]


@pytest.mark.parametrize(("old", "kind"), [(LISTED, PERMISSIONS), (EMPTY, ENDPOINT_ACCESS)], ids=["listed", "empty"])
def test_end_of_management_is_reported(
    plan: Planned, inputs: Callable[..., dict[str, Any]], old: dict[str, Any], kind: str
) -> None:
    assert "Its permissions are no longer managed" in phrases(change(plan, inputs, ("delete", old, None, kind)))


def test_replaced_list_stays_managed(plan: Planned, inputs: Callable[..., dict[str, Any]]) -> None:
    steps = (("create", None, LISTED, PERMISSIONS), ("delete", EMPTY, None, ENDPOINT_ACCESS))
    assert phrases(change(plan, inputs, *steps)) == ["ml-engineers (group) gains CAN_QUERY"]
