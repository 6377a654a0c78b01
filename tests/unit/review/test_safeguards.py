"""`protect` and `retain_on_delete`: the engine changes them under the operation `same`, and the review says so."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.review.assess.report import Report, Verdict, report
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.plan.events import from_events

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]
Options = dict[str, bool]

COMPONENT = "model-serving:index:ServingEndpoint"
PERMISSIONS = "databricks:index/permissions:Permissions"
SECRET = "databricks:index/servicePrincipalSecret:ServicePrincipalSecret"
BARE: Options = {}
BOTH: Options = {"protect": True, "retainOnDelete": True}


def reported(*events: dict[str, Any]) -> Report:
    return report(from_events([*events, {"summaryEvent": {}}]))


def told(found: Report) -> list[tuple[str, str]]:
    (subject,) = found.subjects
    return [(finding.risk, finding.what) for finding in subject.findings]


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
    """What the engine says of an endpoint of which only the options change: of the component and each child."""

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
    found = reported(*same({"protect": True}, BARE))
    assert told(found) == [("protection", "No longer protected: `protect` `true` → `false`")]
    assert (found.verdict, found.subjects[0].action) == (Verdict.APPROVAL, Action.UPDATE)
    assert found.subjects[0].fields == (Row("protect", "true", "false"),)
    assert found.order == ("Set `protect` of endpoint `fraud` to `false` in Pulumi's state",)


def test_removed_retention_needs_approval_once_for_all_children(same: Same) -> None:
    found = reported(*same(BOTH, {"protect": True}))
    assert told(found) == [
        (
            "protection",
            "No longer kept in the workspace when it is deleted here: `retain_on_delete` `true` → `false`",
        )
    ]
    assert found.verdict is Verdict.APPROVAL


def test_added_safeguards_are_a_harmless_change(same: Same) -> None:
    found = reported(*same(BARE, BOTH))
    assert (found.verdict, [risk for risk, _ in told(found)]) == (Verdict.FINE, ["cosmetic", "cosmetic"])
    assert len(found.order) == 2


def test_a_refresh_that_takes_the_options_first_hides_nothing(same: Same) -> None:
    """With `--refresh` the engine gives a child its new options while it refreshes it, and then finds it the same."""
    component, *children = same({"protect": True}, BARE)
    later = same(BARE, BARE)[1:]
    found = reported(component, *map(refreshed, children), *later)
    assert found.digest == reported(component, *children).digest
    assert told(found) == [("protection", "No longer protected: `protect` `true` → `false`")]


def test_an_update_that_also_removes_protection_says_both(plan: Planned, inputs: Inputs) -> None:
    old, new = (inputs("fraud", tags=[{"key": "team", "value": value}]) for value in ("risk", "pay"))
    event = plan("update", "fraud", old, new, diffs=["tags"])
    found = reported(with_options(event, {"protect": True}, BARE))
    assert [risk for risk, _ in told(found)] == ["protection", "cosmetic"]
    assert found.order[0] == "Update endpoint `fraud`"


def test_a_child_alone_is_named(plan: Planned) -> None:
    event = plan("same", "fraud-permissions", {}, {}, PERMISSIONS)
    found = reported(with_options(event, {"protect": True}, BARE))
    assert told(found) == [("protection", "No longer protected: `fraud-permissions.protect` `true` → `false`")]


def test_safeguards_are_part_of_the_digest(same: Same) -> None:
    changes = [(BARE, BARE), ({"protect": True}, BARE), (BARE, {"protect": True}), (BOTH, {"protect": True})]
    assert len({reported(*same(*each)).digest for each in changes}) == len(changes)


def test_the_digest_of_a_creation_holds_what_is_created(plan: Planned, inputs: Inputs) -> None:
    def digest(options: Options, **fields: Any) -> str:
        event = plan("create", "fraud", None, inputs("fraud", **fields))
        event["resourcePreEvent"]["metadata"]["new"].update(options)
        return reported(event).digest

    made = [digest(BARE), digest({"protect": True}), digest(BARE, routeOptimized=True), digest(BARE, tags=[])]
    assert len(set(made)) == len(made)


def test_the_digest_tells_a_deletion_from_forgetting(plan: Planned, inputs: Inputs) -> None:
    def digest(options: Options) -> str:
        event = plan("delete", "fraud", inputs("fraud"), None)
        event["resourcePreEvent"]["metadata"]["old"].update(options)
        return reported(event).digest

    assert digest(BARE) != digest({"retainOnDelete": True})


def test_the_digest_holds_the_workspace_s_address_and_not_the_engine_s_own_provider(plan: Planned) -> None:
    def digest(kind: str, host: str) -> str:
        event = plan("update", "default", {"host": "https://a"}, {"host": host}, diffs=["host"])
        event["resourcePreEvent"]["metadata"]["urn"] = f"urn:pulumi:prod::model-serving::{kind}::default"
        return reported(event).digest

    databricks, own = "pulumi:providers:databricks", "pulumi:providers:pulumi"
    assert digest(databricks, "https://b") != digest(databricks, "https://c")
    assert digest(own, "https://b") == reported().digest
