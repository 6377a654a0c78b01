"""Changes of `protect` and `retain_on_delete`, which the engine makes under the operation `same`."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.review.assess.report import Verdict
from model_serving.review.assess.resource_change import Action, Row
from tests.support.reports import backticked, impacts_of, report_of

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]
Options = dict[str, bool]

COMPONENT = "model-serving:index:ServingEndpoint"
PERMISSIONS = "databricks:index/permissions:Permissions"
SECRET = "databricks:index/servicePrincipalSecret:ServicePrincipalSecret"
BARE: Options = {}
BOTH: Options = {"protect": True, "retainOnDelete": True}


def with_options(event: dict[str, Any], old: Options, new: Options) -> dict[str, Any]:
    metadata = event["resourcePreEvent"]["metadata"]
    for side, options in (("old", old), ("new", new)):
        metadata[side].update(options)
    return event


def refreshed(event: dict[str, Any]) -> dict[str, Any]:
    """The same step as the engine reports a refresh: when it is done."""
    metadata = {**event["resourcePreEvent"]["metadata"], "op": "refresh"}
    return {"resOutputsEvent": {"metadata": metadata}}


@pytest.fixture
def same(plan: Planned, inputs: Inputs) -> Callable[[Options, Options], list[dict[str, Any]]]:
    """The steps of an endpoint whose options alone change: of the component and each child."""

    def events(old: Options, new: Options) -> list[dict[str, Any]]:
        retained = [{name: value for name, value in each.items() if name != "protect"} for each in (old, new)]
        component = plan("same", "fraud", {}, {}, COMPONENT)
        component["resourcePreEvent"]["metadata"]["urn"] = f"urn:pulumi:prod::model-serving::{COMPONENT}::fraud"
        return [
            with_options(component, old, new),
            with_options(plan("same", "fraud", inputs("fraud"), inputs("fraud")), old, new),
            with_options(plan("same", "fraud-permissions", {}, {}, PERMISSIONS), *retained),
        ]

    return events


Same = Callable[[Options, Options], list[dict[str, Any]]]


def test_removed_protection_needs_approval(same: Same) -> None:
    result = report_of(*same({"protect": True}, BARE))
    assert impacts_of(result) == [("protection", "No longer protected: `protect` `true` → `false`")]
    assert (result.verdict, result.resources[0].action) == (Verdict.APPROVAL, Action.UPDATE)
    assert result.resources[0].fields == (Row("protect", "true", "false"),)
    assert [backticked(write.text) for write in result.order] == [
        "Set `protect` of endpoint `fraud` to `false` in Pulumi's state"
    ]


def test_removed_retention_is_reported_once(same: Same) -> None:
    result = report_of(*same(BOTH, {"protect": True}))
    assert impacts_of(result) == [
        (
            "protection",
            "No longer retained in the workspace when it is deleted here: `retain_on_delete` `true` → `false`",
        )
    ]
    assert result.verdict is Verdict.APPROVAL


def test_added_safeguards_are_cosmetic(same: Same) -> None:
    result = report_of(*same(BARE, BOTH))
    assert (result.verdict, [risk for risk, _ in impacts_of(result)]) == (Verdict.FINE, ["cosmetic", "cosmetic"])
    assert len(result.order) == 2


def test_refresh_does_not_hide_safeguard_changes(same: Same) -> None:
    """With `--refresh` the engine gives a child its new options while refreshing it, then reports it as the same."""
    component, *children = same({"protect": True}, BARE)
    later = same(BARE, BARE)[1:]
    result = report_of(component, *map(refreshed, children), *later)
    assert result.digest == report_of(component, *children).digest
    assert impacts_of(result) == [("protection", "No longer protected: `protect` `true` → `false`")]


def test_update_with_removed_protection_reports_both(plan: Planned, inputs: Inputs) -> None:
    old, new = (inputs("fraud", tags=[{"key": "team", "value": value}]) for value in ("risk", "pay"))
    event = plan("update", "fraud", old, new, diffs=["tags"])
    result = report_of(with_options(event, {"protect": True}, BARE))
    assert [risk for risk, _ in impacts_of(result)] == ["protection", "cosmetic"]
    assert backticked(result.order[0].text) == "Update endpoint `fraud`"


def test_child_resource_is_named(plan: Planned) -> None:
    event = plan("same", "fraud-permissions", {}, {}, PERMISSIONS)
    result = report_of(with_options(event, {"protect": True}, BARE))
    assert impacts_of(result) == [("protection", "No longer protected: `fraud-permissions.protect` `true` → `false`")]


def test_safeguards_are_part_of_the_digest(same: Same) -> None:
    changes = [(BARE, BARE), ({"protect": True}, BARE), (BARE, {"protect": True}), (BOTH, {"protect": True})]
    assert len({report_of(*same(*each)).digest for each in changes}) == len(changes)


def test_inputs_of_new_resources_are_part_of_the_digest(plan: Planned, inputs: Inputs) -> None:
    def digest(options: Options, **fields: Any) -> str:
        event = plan("create", "fraud", None, inputs("fraud", **fields))
        event["resourcePreEvent"]["metadata"]["new"].update(options)
        return report_of(event).digest

    made = [digest(BARE), digest({"protect": True}), digest(BARE, routeOptimized=True), digest(BARE, tags=[])]
    assert len(set(made)) == len(made)


def test_digest_distinguishes_deletion_from_retention(plan: Planned, inputs: Inputs) -> None:
    def digest(options: Options) -> str:
        event = plan("delete", "fraud", inputs("fraud"), None)
        event["resourcePreEvent"]["metadata"]["old"].update(options)
        return report_of(event).digest

    assert digest(BARE) != digest({"retainOnDelete": True})


def test_provider_host_is_part_of_the_digest(plan: Planned) -> None:
    def digest(kind: str, host: str) -> str:
        event = plan("update", "default", {"host": "https://a"}, {"host": host}, diffs=["host"])
        event["resourcePreEvent"]["metadata"]["urn"] = f"urn:pulumi:prod::model-serving::{kind}::default"
        return report_of(event).digest

    databricks, own = "pulumi:providers:databricks", "pulumi:providers:pulumi"
    assert digest(databricks, "https://b") != digest(databricks, "https://c")
    assert digest(own, "https://b") == report_of().digest
