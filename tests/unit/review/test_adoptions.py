"""Live endpoints that a change takes under management: what the verdict says, and what it would write."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.databricks.resource_types import ENDPOINT_ACCESS, ENDPOINT_SETTINGS, ENDPOINT_STOP, PERMISSIONS
from model_serving.review.assess.digest import planned
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.plan.events import from_events
from model_serving.review.render.summary import counts, rollback, verdict

Planned = Callable[..., dict[str, Any]]
TARGET = {"endpointId": "e1", "endpointName": "fraud"}
GATEWAY = {"aiGateway": {"usageTrackingConfig": {"enabled": True}}}
PURE = (Risk.COSMETIC, "Taken under management as it is: nothing is written")


def child(kind: str, suffix: str, inputs: dict[str, Any], op: str = "create") -> dict[str, Any]:
    parent = "urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint::fraud"
    urn = f"urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint${kind}::fraud-{suffix}"
    new = {"parent": parent, "inputs": inputs, "outputs": {}}
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, "old": None, "new": new}}}


@pytest.fixture
def adopted(plan: Planned, inputs: Callable[..., dict[str, Any]]) -> Callable[..., Report]:
    def build(*children: dict[str, Any], others: tuple[dict[str, Any], ...] = ()) -> Report:
        imported = plan("import", "fraud", None, inputs("fraud"))
        return report(from_events([imported, *children, *others, {"summaryEvent": {}}]))

    return build


def impacts(found: Report) -> list[tuple[Risk, str]]:
    return [(each.risk, str(each.what)) for each in found.resources[0].impacts]


def test_pure_adoption_needs_no_approval(adopted: Callable[..., Report]) -> None:
    found = adopted(
        child(ENDPOINT_SETTINGS, "settings", {**TARGET, **GATEWAY, "adopted": ["aiGateway"]}),
        child(ENDPOINT_ACCESS, "permissions", {**TARGET, "accessControls": [], "adopted": ["accessControls"]}),
        child(ENDPOINT_STOP, "stop", {**TARGET, "stopped": True, "deployment": "a1", "adopted": ["stopped"]}),
    )
    assert impacts(found) == [PURE]
    assert (found.verdict, found.resources[0].fields, found.cost.endpoints) == (Verdict.FINE, (), ())
    assert str(verdict(found)) == "prod: takes 1 endpoint under management, no write"
    assert counts(found) == "1 endpoint taken under management"
    assert [str(write.text) for write in found.order] == ["Import endpoint fraud"]
    assert "retain_on_delete: true" in str(rollback(found))


def test_what_an_adoption_writes_is_told(adopted: Callable[..., Report]) -> None:
    notified = {"emailNotifications": {"onUpdateFailures": ["ann@example.com"]}}
    found = adopted(
        child(ENDPOINT_SETTINGS, "settings", {**TARGET, **GATEWAY, **notified, "adopted": ["aiGateway"]}),
        child(ENDPOINT_ACCESS, "permissions", {**TARGET, "accessControls": [], "adopted": []}),
        child(ENDPOINT_STOP, "stop", {**TARGET, "stopped": True, "deployment": "a1", "adopted": []}),
    )
    assert [risk for risk, _ in impacts(found)] == [
        Risk.OUTAGE, Risk.ACCESS, Risk.COST, Risk.COSMETIC, Risk.COSMETIC
    ]  # fmt: skip
    assert (Risk.COSMETIC, "Taken under management") in impacts(found)
    assert next(row.label for row in found.resources[0].fields).startswith("email_notifications")
    assert not [row for row in found.resources[0].fields if "ai_gateway" in row.label]
    assert found.verdict is Verdict.APPROVAL
    expected = "prod: takes 1 endpoint under management; this change causes an outage (fraud)"
    assert str(verdict(found)) == expected


def test_other_changes_keep_their_verdict(
    adopted: Callable[..., Report], plan: Planned, inputs: Callable[..., dict[str, Any]]
) -> None:
    found = adopted(others=(plan("create", "iris", None, inputs("iris")),))
    assert (
        str(verdict(found)) == "prod: takes 1 endpoint under management; only new resources; nothing existing changes"
    )


def test_import_is_approved_whoever_reads_the_list() -> None:
    def digested(*entries: str) -> Any:
        controls = [{"userName": entry, "permissionLevel": "CAN_MANAGE"} for entry in entries]
        step = child(PERMISSIONS, "permissions", {"servingEndpointId": "e1", "accessControls": controls}, "import")
        return planned(from_events([step, {"summaryEvent": {}}]).steps)

    assert digested("ann@example.com") == digested("ann@example.com", "bob@example.com")
