"""A drift report in a terminal and as JSON: every condition has its words, and lines fit the terminal."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model_serving.operations.drift.remedies import why_not_adopted, why_not_reverted
from model_serving.operations.drift.render.blocks import blocks_of, counts, unmanaged
from model_serving.operations.drift.render.json_drift import json_drift
from model_serving.operations.drift.render.terminal import text
from model_serving.operations.drift.render.words import shown
from model_serving.operations.drift.report import Condition, DriftReport, FieldDrift, ResourceDrift
from tests.support import drift_reports as samples
from tests.support.drift_reports import EVERYTHING, NOTHING_DIFFERS, report_of

PAGE = Path(__file__).resolve().parents[4] / "docs" / "drift.md"


def printed(*resources: ResourceDrift, width: int = 80) -> str:
    return text(report_of(*resources), width=width, color=False)


def test_clean_report_is_three_lines() -> None:
    lines = text(NOTHING_DIFFERS, width=80, color=False).splitlines()
    assert lines == [
        "prod at https://prod.cloud.databricks.example",
        "11 as declared",
        "",
        "prod: the workspace is as declared · 3 requests in 120 ms",
    ]


def test_fields_are_shown_side_by_side() -> None:
    lines = [" ".join(line.split()) for line in printed(samples.SCORER, width=160).splitlines()]
    assert "≠ endpoint fraud-scorer (prod-fraud-scorer): drifted" in lines
    assert "traffic {champion: 50, challenger: 50} {champion: 95, challenger: 5}" in lines
    assert "tags.team nothing risk" in lines
    assert "permissions.group analysts CAN_MANAGE nothing no stack file names the group" in lines
    assert any(
        line.startswith("updateServingEndpointConfig by ann@example.com on 2026-11-22 00:17 UTC") for line in lines
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_the_terminal(width: int) -> None:
    assert max(map(len, text(EVERYTHING, width=width, color=False).splitlines())) <= width


def test_equal_differences_are_one_block() -> None:
    (block,) = blocks_of(report_of(*samples.TAGGED).workspaces[0])
    assert len(block.names) == 30
    shown_text = printed(*samples.TAGGED)
    assert "30 endpoints: drifted" in shown_text
    assert "and 18 more" in shown_text
    assert shown_text.count("tags.managed_by") == 1


def test_urgent_conditions_come_first() -> None:
    order = [each.first.condition for each in blocks_of(EVERYTHING.workspaces[0])]
    assert order[:2] == [Condition.MISSING, Condition.MISSING]
    assert order[-1] is Condition.NOT_READABLE


def test_every_condition_is_counted() -> None:
    (workspace,) = EVERYTHING.workspaces
    assert sum(count for _, count in counts(workspace)) == len(workspace.resources)
    assert {condition for condition, _ in counts(workspace)} == {*Condition} - {Condition.UPDATING}


def test_made_by_hand_is_listed_apart() -> None:
    assert [each.name for each in unmanaged(EVERYTHING.workspaces[0])] == [
        "playground-0",
        "playground-1",
        "playground-2",
    ]
    many = [replace(samples.OF_A_TEAM[0], name=f"made-{n}") for n in range(700)]
    assert "and 680 more, with --json" in printed(*many)


def test_terminal_has_every_way_out() -> None:
    lines = text(EVERYTHING, width=120, color=False)
    for command in ("drift --stack prod --revert", "drift --stack prod --adopt", "adopt --help", "start night"):
        assert f"model-serving {command}" in lines


@pytest.mark.parametrize(
    ("resource", "restored", "declared"),
    [
        (samples.SCORER, "", ""),
        (samples.MISSING, "", "remove its block"),
        (replace(samples.CALLER, condition=Condition.DRIFTED), "", "by hand, under `service_principals`"),
        (samples.STOPPED, "model-serving start night --stack prod", ""),
        (samples.FAILED, "model-serving status ranker --stack prod", "none of its fields differs"),
        (samples.ELSEWHERE, "prod or prod-eu", "prod or prod-eu"),
        (samples.RECREATED, "", "`--revert` takes it over"),
        (samples.PENDING, "no deployment has set yet (served_entities.one.version)", "secret"),
        (samples.UNREADABLE, "nothing is known", "nothing is known"),
        (samples.UNDECLARED, "restore its block", "restore its block"),
        (samples.NEW, "a deployment creates it", "a deployment creates it"),
        (samples.OF_A_TEAM[0], "model-serving adopt --name playground-0", "model-serving adopt"),
        (samples.CLEAN[0], "as declared", "as declared"),
    ],
    ids=lambda value: value.name if isinstance(value, ResourceDrift) else None,
)
def test_each_condition_names_its_ways_out(resource: ResourceDrift, restored: str, declared: str) -> None:
    for why, expected in ((why_not_reverted(resource), restored), (why_not_adopted(resource), declared)):
        assert (expected in why) if expected else not why


def test_immutable_fields_are_never_restored() -> None:
    flipped = replace(samples.SCORER, fields=(FieldDrift(("route_optimized",), True, False),))
    assert why_not_reverted(flipped) == "route_optimized can't be changed on a live endpoint"


def test_json_has_every_value_and_no_answer() -> None:
    live = replace(samples.SCORER, live={"config": "planted-secret"})
    data = json.loads(json.dumps(json_drift(report_of(live, *samples.CLEAN))))
    assert (data["version"], data["exit_status"], data["whole_workspace"]) == (1, 2, False)
    (workspace,) = data["workspaces"]
    assert workspace["counts"] == {"as_declared": 11, "drifted": 1}
    scorer = workspace["resources"][0]
    assert scorer["fields"][1] == {
        "name": "tags.team",
        "path": ["tags", "team"],
        "declared": "risk",
        "live": None,
        "origin": "outside",
        "note": None,
    }
    assert scorer["traces"][0]["when"] == "2026-11-22T00:17:00+00:00"
    assert "planted-secret" not in json.dumps(data)
    assert "planted-secret" not in printed(live)


def members(report: DriftReport) -> set[str]:
    """The names of all members of the JSON, nested ones too."""

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(names, value.values()))
        return set().union(*map(names, value)) if isinstance(value, list) else set()

    data = json_drift(report)
    for workspace in data["workspaces"]:
        workspace["counts"] = {}
        for resource in workspace["resources"]:
            for field in resource["fields"]:
                field["declared"] = field["live"] = None
    return names(data)


def test_the_page_has_every_member_and_condition() -> None:
    page = PAGE.read_text(encoding="utf-8")
    documented = {*members(EVERYTHING), *(each.value for each in Condition)}
    forms = ("`{}`", "`{}[]`", "`.{}`", "`.{}[]`")
    assert [each for each in sorted(documented) if not any(form.format(each) in page for form in forms)] == []


def test_the_page_s_example_is_what_is_printed() -> None:
    assert f"```\n{printed(samples.SCORER)}```" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        ("", '""'),
        ("risk", "risk"),
        (True, "true"),
        (0, "0"),
        ({"champion": 95}, "{champion: 95}"),
        (["a@example.com"], "[a@example.com]"),
    ],
)
def test_values_are_spelled_as_in_stack_files(value: object, expected: str) -> None:
    assert shown(value) == expected
