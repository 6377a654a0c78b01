"""Migrations in a review: which phase a plan is, what it means for callers, and what comes next."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from model_serving.databricks.resource_types import (
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.review.assess.digest import covered
from model_serving.review.assess.families import families
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.migration import Phase
from model_serving.review.assess.report import Report
from model_serving.review.plan.events import from_events
from model_serving.review.render import summary
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import markdown
from model_serving.review.render.terminal import text
from tests.support.golden_cases import CASES, comment_on, report_on
from tests.support.reports import report_of

Event = dict[str, Any]
Inputs = Callable[..., dict[str, Any]]

OLD, NEW = "fraud", "fraud/fraud-2"
HOST = "https://one.cloud.databricks.example"


def step(op: str, resource: str, kind: str, old: Event | None, new: Event | None, **outputs: Any) -> Event:
    """A step of an endpoint's component, or of a child of it."""
    parent = f"urn:pulumi:prod::model-serving::{SERVING_ENDPOINT_COMPONENT}::{resource}"
    name = f"{resource}-permissions" if kind == PERMISSIONS else resource
    is_component = kind == SERVING_ENDPOINT_COMPONENT
    urn = parent if is_component else f"urn:pulumi:prod::model-serving::{SERVING_ENDPOINT_COMPONENT}${kind}::{name}"
    sides = {
        side: None
        if inputs is None
        else {"parent": "" if is_component else parent, "inputs": inputs, "outputs": outputs}
        for side, inputs in (("old", old), ("new", new))
    }
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, **sides}}}


def endpoint(
    op: str, resource: str, inputs: Event, *, was: bool = False, now: bool = False, callers: str = ""
) -> list[Event]:
    """All steps of an endpoint: `was` and `now` are whether it is a predecessor, `callers` may query it."""

    def sides(given: Event) -> tuple[Event | None, Event | None]:
        return (None if op == "create" else given), (None if op == "delete" else given)

    roles = [{"predecessor": True} if role else {} for role in (was, now)]
    old, new = (None if op == "create" else roles[0]), (None if op == "delete" else roles[1])
    own = op if op in ("create", "delete") else "same" if roles[0] == roles[1] else "update"
    url = f"{HOST}/serving-endpoints/{inputs['name']}/invocations"
    outputs = {} if op == "create" else {"name": inputs["name"], "url": url}
    controls = [{"servicePrincipalName": each, "permissionLevel": "CAN_QUERY"} for each in callers.split()]
    return [
        step(own, resource, SERVING_ENDPOINT_COMPONENT, old, new, **outputs),
        step(op, resource, MODEL_SERVING, *sides(inputs), servingEndpointId="0" * 32 if op != "create" else None),
        *([step(op, resource, PERMISSIONS, *sides({"accessControls": controls}))] if callers else []),
    ]


@pytest.fixture
def old(inputs: Inputs) -> Event:
    return inputs("fraud")


@pytest.fixture
def new(inputs: Inputs) -> Event:
    return inputs("fraud-2", routeOptimized=True)


@pytest.fixture
def start(old: Event, new: Event) -> list[Event]:
    return [
        *endpoint("same", OLD, old, now=True, callers="checkout batch"),
        *endpoint("create", NEW, new, callers="checkout"),
    ]


@pytest.fixture
def retirement(old: Event, new: Event) -> list[Event]:
    return [
        *endpoint("delete", OLD, old, was=True, callers="checkout batch"),
        *endpoint("same", NEW, new, callers="checkout"),
    ]


@pytest.fixture
def back(old: Event, new: Event) -> list[Event]:
    return [*endpoint("same", OLD, old, was=True), *endpoint("same", NEW, new, now=True)]


@pytest.fixture
def abandoned(old: Event, new: Event) -> list[Event]:
    return [*endpoint("same", OLD, old, was=True), *endpoint("delete", NEW, new, callers="checkout")]


def phases(report: Report) -> dict[str, Phase | None]:
    return {each.title: each.migration.phase if each.migration else None for each in report.resources}


def risks(report: Report) -> list[tuple[str, str]]:
    return [(each.risk.value, str(each.what)) for resource in report.resources for each in resource.impacts]


def test_successor_is_created_beside_its_predecessor(start: list[Event]) -> None:
    report = report_of(*start)
    assert phases(report) == {"successor fraud-2": Phase.BEGINS}
    assert risks(report) == [
        ("access", "Granted on the successor: checkout (service principal) with CAN_QUERY"),
        ("access", "Granted on the predecessor alone: batch (service principal) with CAN_QUERY"),
        ("behaviour", "The stack's outputs name the successor's URL from now on"),
        ("cost", "Billed twice, until the predecessor is retired"),
        ("cosmetic", "Callers of the predecessor are not affected"),
    ]
    assert str(summary.verdict(report)) == "prod: a migration begins, callers are not affected (fraud-2)"
    assert summary.counts(report) == "1 successor created · 1 served entity is deployed"


def test_comment_has_both_addresses_and_the_next_step(start: list[Event]) -> None:
    comment, printed = markdown(report_of(*start)), text([report_of(*start)], width=200)
    assert f"- 🔗 **predecessor** `fraud` · `{HOST}/serving-endpoints/fraud/invocations`" in comment
    assert "- 🔗 **successor** `fraud-2` · `known after up`" in comment
    assert "- ⚖️ **differs** · `route_optimized`: not set → `true`" in comment
    assert "`model-serving migrate fraud --status --stack prod` shows who still calls it" in comment
    assert "Then `model-serving migrate fraud --retire --stack prod` writes the change that retires it" in comment
    for form in (comment, printed):
        assert "To go back: revert this change and deploy it, before callers move" in form
        assert f"{HOST}/serving-endpoints/fraud/invocations" in form


def test_json_report_has_phase_and_both_names(start: list[Event]) -> None:
    (stack,) = json.loads(as_json([report_of(*start)]))["stacks"]
    (resource,) = stack["resources"]
    migration = resource["migration"]
    assert (migration["phase"], migration["endpoint"], migration["counterpart"]) == ("begins", "fraud-2", "fraud")
    assert [(row["label"], row["after"]) for row in resource["compared"]] == [("route_optimized", "true")]
    assert (resource["kind"], resource["key"], resource["name"]) == ("endpoint", "fraud", "fraud-2")


def test_settings_that_differ_are_named(start: list[Event]) -> None:
    gateway = {"aiGateway": {"usageTrackingConfig": {"enabled": True}}, "endpointName": "fraud"}
    changes = report_of(*start, step("same", OLD, ENDPOINT_SETTINGS, gateway, gateway)).resources
    (row,) = [row for each in changes for row in each.compared if row.label.startswith("ai_gateway")]
    assert (row.before != "", row.after) == (True, "")


def test_stopped_endpoints_are_not_billed(start: list[Event], retirement: list[Event]) -> None:
    inputs = {"endpointName": "fraud", "stopped": True}
    created = report_of(*start, step("create", NEW, ENDPOINT_STOP, None, inputs))
    assert [what for risk, what in risks(created) if risk == "cost"] == [
        "Deployed, then stopped: it answers no requests and runs on no compute"
    ]
    deleted = report_of(*retirement, step("delete", OLD, ENDPOINT_STOP, inputs, None))
    assert [what for risk, what in risks(deleted) if risk == "cost"] == []


def test_retirement_says_who_loses_what(retirement: list[Event]) -> None:
    report = report_of(*retirement)
    assert phases(report) == {"predecessor fraud": Phase.ENDS}
    assert risks(report)[:2] == [
        ("interface", "Whoever still calls it gets 404"),
        (
            "access",
            "Access lost: batch (service principal) with CAN_QUERY, checkout (service principal) with CAN_QUERY",
        ),
    ]
    (change,) = report.resources
    assert [str(each.why) for each in change.impacts][:2] == [
        "it is deleted on purpose, as the end of its migration",
        "less, or nothing, on the other endpoint: batch (service principal)",
    ]
    assert str(summary.verdict(report)) == "prod: a predecessor is retired, at the end of its migration (fraud)"
    assert summary.counts(report) == "1 predecessor retired · 1 endpoint unchanged"
    assert str(summary.rollback(report)).startswith("No way back: fraud would be a new endpoint")


def test_retained_predecessor_loses_nobody_and_is_adopted_back(retirement: list[Event]) -> None:
    for event in retirement:
        metadata = event["resourcePreEvent"]["metadata"]
        if metadata["op"] == "delete":
            metadata["old"]["retainOnDelete"] = True
    report = report_of(*retirement)
    assert risks(report) == [("cost", "Removed from Pulumi's state only; callers are not affected")]
    assert str(summary.rollback(report)).startswith("To go back: adopt fraud with adopt_id")


def test_way_back_swaps_roles_without_a_write(back: list[Event]) -> None:
    report = report_of(*back)
    assert phases(report) == {"migration fraud": Phase.TURNS_BACK}
    assert report.risk is Risk.BEHAVIOUR
    assert [str(each.text) for each in report.order] == [
        "Note that fraud is endpoint fraud, and fraud-2 its predecessor"
    ]
    assert str(summary.rollback(report)) == "To go back: model-serving migrate fraud --back --stack prod"
    assert report_of(*back).digest != report_of().digest


def test_way_back_of_two_migrations_names_neither(back: list[Event], inputs: Inputs) -> None:
    second = [
        *endpoint("same", "iris", inputs("iris"), was=True),
        *endpoint("same", "iris/iris-2", inputs("iris-2"), now=True),
    ]
    report = report_of(*back, *second)
    assert str(summary.rollback(report)) == "To go back: model-serving migrate ENDPOINT --back --stack prod"


def test_abandoned_migration_removes_the_successor(abandoned: list[Event]) -> None:
    report = report_of(*abandoned)
    assert phases(report) == {"successor fraud-2": Phase.ABANDONED}
    assert risks(report)[0] == ("interface", "Whoever calls it gets 404")
    assert str(summary.verdict(report)) == "prod: a migration is abandoned, its successor is removed (fraud-2)"


@pytest.mark.parametrize("name", ["start", "retirement", "back", "abandoned"])
def test_no_phase_is_a_replacement_or_a_rename(name: str, request: pytest.FixtureRequest) -> None:
    comment = markdown(report_of(*request.getfixturevalue(name)))
    assert [words for words in ("recreated", "replaced", "looks like a rename", "an outage") if words in comment] == []


def test_change_of_both_names_both(old: Event, new: Event) -> None:
    events = [*endpoint("same", OLD, old, was=True, now=True), *endpoint("same", NEW, new)]
    for event in events:
        metadata = event["resourcePreEvent"]["metadata"]
        if MODEL_SERVING in metadata["urn"]:
            changed = {**metadata["new"]["inputs"], "tags": [{"key": "team", "value": "risk"}]}
            metadata |= {"op": "update", "diffs": ["tags"], "new": {**metadata["new"], "inputs": changed}}
    report = report_of(*events)
    assert phases(report) == {"endpoint fraud-2": Phase.RUNS, "predecessor fraud": Phase.RUNS}
    assert [str(each.text) for each in report.order] == ["Update endpoint fraud", "Update endpoint fraud-2"]
    assert summary.counts(report) == "1 endpoint updated · 1 predecessor updated"


def test_successor_alone_has_the_key(new: Event) -> None:
    (change,) = report_of(*endpoint("delete", NEW, new)).resources
    assert (change.title, change.migration) == ("endpoint fraud", None)


def test_slash_without_a_migration_is_a_name(old: Event) -> None:
    events = [*endpoint("same", "team/one", old), *endpoint("create", "team/two", {**old, "name": "two"})]
    assert families(from_events(events).steps) == {
        "team/one": ("endpoint", "team/one"),
        "team/two": ("endpoint", "team/two"),
    }


def test_refused_retirement_is_still_one(retirement: list[Event]) -> None:
    ended_early = [
        each for each in retirement if not each["resourcePreEvent"]["metadata"]["urn"].endswith("Endpoint::fraud")
    ]
    assert families(from_events(ended_early).steps) == {OLD: ("predecessor", "fraud"), NEW: ("endpoint", "fraud")}


@pytest.mark.parametrize(
    "urn", [f"${MODEL_SERVING}::{OLD}", f"${MODEL_SERVING}::{NEW}", f"::{OLD}"], ids=["old", "new", "role"]
)
def test_digest_covers_both_endpoints_and_roles(start: list[Event], urn: str) -> None:
    changed = [
        {
            "resourcePreEvent": {
                "metadata": {**metadata, "op": "update", "new": {**metadata["new"], "inputs": {"x": "1"}}}
            }
        }
        if (metadata := each["resourcePreEvent"]["metadata"])["urn"].endswith(urn)
        else each
        for each in start
    ]
    assert covered(from_events(changed)).digest != covered(from_events(start)).digest


def test_forty_migrations_are_one_section(inputs: Inputs) -> None:
    events = [
        event
        for n in range(40)
        for event in (
            *endpoint("same", f"s{n}", inputs(f"s{n}"), now=True),
            *endpoint("create", f"s{n}/s{n}-2", inputs(f"s{n}-2", routeOptimized=True)),
        )
    ]
    comment = markdown(report_of(*events))
    assert "40 successors created identically" in comment
    assert all(f"`s{n}-2`" in comment for n in range(40))


RECORDED: dict[str, dict[str, set[str]]] = {
    "migration-start": {"create": {"fraud-scorer/fraud-scorer-2"}, "delete": set()},
    "migration-end": {"create": set(), "delete": {"fraud-scorer"}},
    "migration-back": {"create": set(), "delete": set()},
    "migration-abandoned": {"create": set(), "delete": {"fraud-scorer/fraud-scorer-2"}},
}
"""The endpoints that the engine creates and deletes in each recorded phase."""


def operations(name: str) -> dict[tuple[str, str], str]:
    """The engine's operation on each resource of an endpoint, by type and name."""
    events = map(json.loads, (CASES / name / "events.jsonl").read_text(encoding="utf-8").splitlines())
    steps = (event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event)
    return {
        (step["urn"].split("::")[2].rpartition("$")[2], step["urn"].rpartition("::")[2]): step["op"]
        for step in steps
        if SERVING_ENDPOINT_COMPONENT in step["urn"]
    }


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_phase_touches_no_other_endpoint(name: str) -> None:
    found, allowed = operations(name), RECORDED[name]["create"] | RECORDED[name]["delete"]
    assert {op for op in found.values() if "replace" in op} == set()
    for op, endpoints in RECORDED[name].items():
        assert {
            resource for (kind, resource), done in found.items() if (kind, done) == (MODEL_SERVING, op)
        } == endpoints
    written = {
        resource for (kind, resource), op in found.items() if op != "same" and kind != SERVING_ENDPOINT_COMPONENT
    }
    own = {f"{one}{suffix}" for one in allowed for suffix in ("", "-settings", "-permissions")}
    assert written <= own


@pytest.mark.parametrize("name", RECORDED)
def test_comment_of_a_phase_names_both_endpoints(name: str) -> None:
    comment = comment_on(CASES / name)
    named = [line for line in comment.splitlines() if line.startswith("- 🔗")]
    assert {line.split("`")[1] for line in named} == {"fraud-scorer", "fraud-scorer-2"}
    assert sum("/invocations`" in line for line in named) == (1 if name == "migration-start" else 2)
    assert "- ⚖️ **differs** · `route_optimized`: " in comment
    assert "an outage" not in comment


@pytest.mark.parametrize(
    ("name", "option"),
    [("flipped-route-optimization", "--set route_optimized=false"), ("field-that-is-dropped", "--set 'description=")],
)
def test_refused_change_names_the_command_that_migrates(name: str, option: str) -> None:
    assert f"`model-serving migrate fraud-scorer {option}" in comment_on(CASES / name)


def test_requests_of_a_retired_endpoint_are_in_the_comment() -> None:
    assert 'Endpoint "fraud-scorer" can be retired: no request since' in comment_on(CASES / "migration-end")


def test_refused_retirement_names_callers_and_both_ways_on() -> None:
    report, comment = report_on(CASES / "migration-refused"), comment_on(CASES / "migration-refused")
    assert str(summary.verdict(report)) == "local: refused: fraud-scorer can't be retired"
    (cause,) = report.causes
    assert "3 requests since" in cause.message
    assert [fix.partition(":")[0] for fix in cause.fixes] == ["Declare `predecessor", "To cut its callers off"]
    assert comment.count("model-serving migrate fraud-scorer --status --stack local") == 1
    assert report.digest == ""


def test_remark_of_the_program_is_why_it_may_be_retired(retirement: list[Event]) -> None:
    urn = retirement[1]["resourcePreEvent"]["metadata"]["urn"]
    said = {"severity": "info", "message": "No request since noon.", "urn": urn}
    (change,) = report_of(*retirement, {"diagnosticEvent": said}).resources
    assert str(change.impacts[0].why) == "it is deleted on purpose, as the end of its migration. No request since noon"
