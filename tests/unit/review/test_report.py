"""The impact of changes, by the contract and by what the engine would do."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from model_serving.contract import OnChange, fields
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Verdict
from model_serving.review.assess.resource_change import Action
from model_serving.review.plan.events import UnreadablePreviewError, from_events, read_digest, read_events
from tests.support.reports import backticked, impacts_of, report_of

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]
PERMISSIONS = "databricks:index/permissions:Permissions"


def test_replacement_names_forcing_field_and_reason(plan: Planned, inputs: Inputs) -> None:
    old, new = inputs("fraud", routeOptimized=True), inputs("fraud", routeOptimized=False)
    result = report_of(plan("replace", "fraud", old, new, keys=["routeOptimized"], diffs=["routeOptimized"]))
    (resource,) = result.resources
    assert (resource.action, resource.risk, result.verdict) == (Action.REPLACE, Risk.OUTAGE, Verdict.APPROVAL)
    reason = next(row.reason for row in fields("model_serving") if row.path == "routeOptimized")
    assert backticked(resource.impacts[0].why) == f"`route_optimized` `true` → `false`: {reason}"
    assert {Risk.OUTAGE, Risk.INTERFACE, Risk.ACCESS} <= {impact.risk for impact in resource.impacts}


@pytest.mark.parametrize(
    "row",
    [row for row in fields("model_serving") if row.on_change is OnChange.DROPPED and "*" not in row.path],
    ids=lambda row: row.path,
)
def test_dropped_fields_are_reported_as_lost(row: Any, plan: Planned, inputs: Inputs) -> None:
    old, new = inputs("fraud"), inputs("fraud")
    for side, value in ((old, "before"), (new, "after")):
        _put(side, row.path.split("."), value)
    result = report_of(plan("update", "fraud", old, new, diffs=[row.path.partition(".")[0]]))
    assert [(impact.risk, str(impact.why)) for impact in result.resources[0].impacts] == [(Risk.LOST, row.reason)]


def _put(inputs: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        inputs = inputs.setdefault(part, {})
    inputs[path[-1]] = value


def test_tag_change_needs_no_approval(plan: Planned, inputs: Inputs) -> None:
    old, new = (inputs("fraud", tags=[{"key": "team", "value": value}]) for value in ("risk", "pay"))
    result = report_of(plan("update", "fraud", old, new, diffs=["tags"]))
    assert (impacts_of(result), result.verdict) == ([("cosmetic", "`tags.team` `risk` → `pay`")], Verdict.FINE)


def test_compute_changes_are_reported_as_cost(plan: Planned, inputs: Inputs) -> None:
    old, new = inputs("fraud"), inputs("fraud")
    old["config"]["servedEntities"][0]["scaleToZeroEnabled"] = True
    new["config"]["servedEntities"][0] |= {"workloadSize": "Large", "workloadType": "GPU_SMALL"}
    assert impacts_of(report_of(plan("update", "fraud", old, new, diffs=["config"]))) == [
        ("cost", "`champion`: CPU → GPU_SMALL"),
        ("cost", "`champion`: Small → Large"),
        ("cost", "`champion`: scale to zero off"),
    ]


def controls(*entries: tuple[str, str, str]) -> dict[str, Any]:
    return {"accessControls": [{kind: who, "permissionLevel": level} for kind, who, level in entries]}


def test_changed_grants_name_the_principals(plan: Planned) -> None:
    old = controls(
        ("groupName", "a", "CAN_MANAGE"), ("userName", "u@x.org", "CAN_QUERY"), ("groupName", "b", "CAN_QUERY")
    )
    new = controls(
        ("groupName", "a", "CAN_VIEW"), ("groupName", "b", "CAN_MANAGE"), ("groupName", "users", "CAN_QUERY")
    )
    result = report_of(plan("update", "fraud-permissions", old, new, PERMISSIONS, diffs=["accessControls"]))
    assert impacts_of(result) == [
        ("access", "`b` (group) rises from `CAN_QUERY` to `CAN_MANAGE`"),
        ("access", "`users` (group) gains `CAN_QUERY`"),
        ("access", "`a` (group) falls from `CAN_MANAGE` to `CAN_VIEW`"),
        ("access", "`u@x.org` (user) loses `CAN_QUERY`"),
    ]


@pytest.mark.parametrize(("kind", "everyone"), [("groupName", True), ("userName", False)])
def test_only_groups_are_everyone(kind: str, everyone: bool, plan: Planned) -> None:
    result = report_of(plan("create", "fraud-permissions", None, controls((kind, "users", "CAN_QUERY")), PERMISSIONS))
    assert str(result.resources[0].impacts[0].why).startswith("everyone in the workspace") == everyone


def test_repeated_dropped_change_is_reported(plan: Planned, inputs: Inputs) -> None:
    """The state holds the new input, and the workspace still the old value: the same diff at every run."""
    event = plan(
        "update", "fraud", inputs("fraud", description="new"), inputs("fraud", description="new"), diffs=["description"]
    )
    event["resourcePreEvent"]["metadata"]["old"]["outputs"] = {"description": "old"}
    assert impacts_of(report_of(event)) == [
        ("lost", "`description` `old` → `new` would be silently ignored by the provider")
    ]


def test_incomplete_preview_fails(plan: Planned, inputs: Inputs) -> None:
    result = report(from_events([plan("create", "fraud", None, inputs("fraud"))]))
    assert (result.verdict, result.errors, result.order, result.digest) == (
        Verdict.FAILED,
        ("The preview ended before it was complete",),
        (),
        "",
    )


CANCELLED = "failed to run policy: context canceled"


@pytest.mark.parametrize(
    "also", [[], ["failed to run remediation: rpc error: code = Canceled desc = context canceled"]]
)
@pytest.mark.parametrize("real", ["endpoint does not exist", None], ids=["error", "violation"])
def test_cancelled_calls_of_a_refusal_are_not_reported(
    also: list[str], real: str | None, plan: Planned, inputs: Inputs
) -> None:
    step = plan("create", "fraud", None, inputs("fraud"))
    refusal: dict[str, Any] = {"policyEvent": {"policyName": "rule", "policyPackName": "pack", "message": "No."}}
    if real:
        refusal = {"diagnosticEvent": {"severity": "error", "message": real}}
    cancelled = [{"diagnosticEvent": {"severity": "error", "message": text}} for text in [CANCELLED, *also]]
    result = report(from_events([step, cancelled[0], refusal, *cancelled[1:]]))
    assert result.errors == ((real,) if real else ())
    assert result.verdict is Verdict.FAILED


def test_lone_cancellation_is_reported() -> None:
    assert report(from_events([{"diagnosticEvent": {"severity": "error", "message": CANCELLED}}])).errors == (
        CANCELLED,
    )


def test_errors_are_sorted() -> None:
    events = [{"diagnosticEvent": {"severity": "error", "message": text}} for text in ("one", "other")]
    assert report(from_events(events)).errors == report(from_events(events[::-1])).errors == ("one", "other")


def test_digest_depends_on_changes_not_ids(plan: Planned, inputs: Inputs) -> None:
    def digest(percentage: int, state: str) -> str:
        new = inputs("fraud")
        new["config"]["trafficConfig"]["routes"][0]["trafficPercentage"] = percentage
        event = plan("update", "fraud", inputs("fraud"), new, diffs=["config"])
        event["resourcePreEvent"]["metadata"]["old"]["outputs"] = {"servingEndpointId": state}
        return report_of(event).digest

    assert digest(50, "one") == digest(50, "two") != digest(60, "one")


def test_json_preview_gives_the_same_changes(plan: Planned, inputs: Inputs, tmp_path: Path) -> None:
    event = plan("update", "fraud", inputs("fraud"), inputs("fraud", description="x"), diffs=["description"])
    metadata = event["resourcePreEvent"]["metadata"]
    step = {"op": metadata["op"], "urn": metadata["urn"], "oldState": metadata["old"], "newState": metadata["new"]}
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": [{**step, "diffReasons": ["description"]}], "changeSummary": {"update": 1}}))
    assert report(read_digest(file)).resources == report_of(event).resources


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "f:1: not JSON"), ("[]", "f:1: expected a JSON object, not list")],
)
def test_invalid_event_log_names_the_line(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f").write_text(text)
    with pytest.raises(UnreadablePreviewError) as refused:
        read_events(Path("f"))
    assert str(refused.value).startswith(message)


def test_no_character_of_a_text_ends_an_event(plan: Planned, inputs: Inputs, tmp_path: Path) -> None:
    new = inputs("fraud", description="a\x85b\u2028c")
    events: list[Any] = [plan("create", "fraud", None, new), {"summaryEvent": {}}]
    lines = [json.dumps(each, ensure_ascii=False) for each in events]
    (tmp_path / "events").write_text("\n".join(lines), encoding="utf-8")
    assert len(read_events(tmp_path / "events").steps) == 1


SETTINGS = "pulumi-python:dynamic/model-serving:EndpointSettings"
GRANT = "databricks:index/grant:Grant"


def test_endpoint_settings_changes_are_reported(plan: Planned) -> None:
    old = {"emailNotifications": {"onUpdateSuccesses": ["a@x.org"]}, "endpointId": "1"}
    new = {"aiGateway": {"rateLimits": [{"key": "user", "calls": 5}]}, "endpointId": "1"}
    assert impacts_of(report_of(plan("update", "fraud", old, new, SETTINGS))) == [
        ("behaviour", "`ai_gateway` added: `rateLimits: calls: 5, key: user`"),
        ("cosmetic", "`email_notifications` removed (was `onUpdateSuccesses: a@x.org`)"),
    ]


@pytest.mark.parametrize(("op", "verb"), [("create", "Gains"), ("delete", "Loses")])
def test_catalog_grant_names_its_privileges(op: str, verb: str, plan: Planned) -> None:
    grant = {"principal": "1-2", "privileges": ["SELECT"], "table": "main.ml.payments"}
    sides = (None, grant) if op == "create" else (grant, None)
    assert impacts_of(report_of(plan(op, "fraud", *sides, GRANT))) == [
        ("access", f"{verb} `SELECT` on table `main.ml.payments`")
    ]


def test_unexplained_update_needs_approval(plan: Planned, inputs: Inputs) -> None:
    result = report_of(plan("update", "fraud", inputs("fraud"), inputs("fraud"), diffs=["config"]))
    assert (impacts_of(result), result.verdict) == ([("behaviour", "Updated")], Verdict.APPROVAL)


def keys(resources: Iterable[Any]) -> list[str]:
    return [each.key for each in resources]


def test_worst_risk_comes_first(plan: Planned, inputs: Inputs) -> None:
    result = report_of(
        plan("update", "b", inputs("b"), inputs("b", tags=[{"key": "t", "value": "1"}]), diffs=["tags"]),
        plan("delete", "z", inputs("z"), None),
        plan("create", "a", None, inputs("a")),
    )
    assert keys(result.resources) == ["z", "a", "b"]
