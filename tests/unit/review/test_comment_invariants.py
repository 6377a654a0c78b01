"""What holds for each golden comment, whatever its words: nothing twice, nothing left out, every place a link."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from model_serving.contract.replacement import Effect
from model_serving.databricks.special_values import UNKNOWN_VALUES
from model_serving.review.assess.report import Verdict
from model_serving.review.render import phrases
from model_serving.review.render.json_report import as_json
from model_serving.review.render.sarif import results
from model_serving.review.render.terminal import text
from model_serving.spec.diagnostics import Location
from tests.support.golden_cases import CASES, CASES_OF_REVIEW, STAMP, comment_on, report_on

NOWHERE = Location("nowhere")
NAMES = [case.name for case in CASES_OF_REVIEW]
MANY = "three-hundred-endpoints"


@pytest.mark.parametrize("name", NAMES)
def test_each_cause_is_explained_once(name: str) -> None:
    comment, report = plain(comment_on(CASES / name)), report_on(CASES / name)
    assert [
        cause.message for cause in report.causes if comment.count(plain(cause.message.removesuffix(":"))) != 1
    ] == []
    assert (report.verdict is Verdict.FAILED) == bool(report.causes)


@pytest.mark.parametrize("name", NAMES)
def test_each_effect_of_a_replacement_is_told_once(name: str) -> None:
    comment = comment_on(CASES / name).lower()
    assert [effect for effect in Effect if comment.count(effect) > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_fix_is_on_a_line_of_its_own(name: str) -> None:
    lines = [plain(line) for line in comment_on(CASES / name).splitlines()]
    for cause in report_on(CASES / name).causes:
        assert [fix for fix in cause.fixes if not any(line.endswith(plain(fix)) for line in lines)] == []


def plain(markdown: str) -> str:
    return re.sub(r"[`*\\\u200b]", "", markdown)


def changed_values(old: Any, new: Any, within: str = "") -> Iterator[str]:
    """The values of `new` that `old` doesn't have at the same place, without hidden ones."""
    if within == "environmentVars":
        return
    if isinstance(new, dict):
        for key, value in new.items():
            yield from changed_values(old.get(key) if isinstance(old, dict) else None, value, key)
    elif isinstance(new, list):
        before = {name_of(item): item for item in old} if isinstance(old, list) else {}
        for item in new:
            yield from changed_values(before.get(name_of(item)), item)
    elif new != old and new not in UNKNOWN_VALUES:
        yield str(new)


def name_of(item: Any) -> str:
    keys = ("name", "servedModelName", "key", "servicePrincipalName", "userName", "groupName")
    return next((item[key] for key in keys if key in item), "") if isinstance(item, dict) else str(item)


@pytest.mark.parametrize("name", NAMES)
def test_each_changed_value_of_the_plan_appears(name: str) -> None:
    comment = comment_on(CASES / name)
    events = map(json.loads, (CASES / name / "events.jsonl").read_text(encoding="utf-8").splitlines())
    steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
    updates = [step for step in steps if step["op"] in {"update", "replace"}]
    values = [
        value
        for step in updates
        for value in changed_values(step["old"].get("inputs", {}), step.get("new", {}).get("inputs", {}))
    ]
    assert [value for value in values if value.lower() not in comment.lower()] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_changed_field_is_listed_with_its_line(name: str) -> None:
    fields = comment_on(CASES / name).partition("<summary>Every changed field</summary>")[2]
    report = report_on(CASES / name)
    shown = report.resources[:1] if name == MANY else report.resources
    for row in (row for each in shown for row in each.fields):
        assert f"`{row.label}`" in fields
        assert row.place is None or f"#L{row.place.line})" in fields


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("permission-widening", "`permissions.checkout`: `CAN_QUERY` → `CAN_MANAGE`"),
        ("rotated-secret", "`oauth_secret.generation`: `2` → `3`"),
        ("removed-protection", "`protect`: `true` → `false`"),
    ],
)
def test_permissions_and_secrets_are_changed_fields(name: str, row: str) -> None:
    assert row in comment_on(CASES / name).partition("<summary>Every changed field</summary>")[2]


@pytest.mark.parametrize("name", NAMES)
def test_each_place_is_linked_at_the_head_commit(name: str) -> None:
    comment = comment_on(CASES / name)
    places = set(re.findall(r"`(stacks/[\w.]+\.yaml):(\d+)`", comment))
    links = set(re.findall(r"\[`(stacks/[\w.]+\.yaml):(\d+)`\]\(([^)]+)\)", comment))
    assert {link[:2] for link in links} == places
    assert all(url == f"{STAMP.source}{file}#L{line}" for file, line, url in links)


@pytest.mark.parametrize("name", NAMES)
def test_no_table_has_one_column(name: str) -> None:
    rules = [line for line in comment_on(CASES / name).splitlines() if re.fullmatch(r"\|( -+ \|)+", line)]
    assert [rule for rule in rules if rule.count("---") < 3] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_block_of_code_is_used(name: str) -> None:
    assert "```" not in comment_on(CASES / name)


@pytest.mark.parametrize("name", NAMES)
def test_formats_agree_on_places(name: str) -> None:
    report = report_on(CASES / name)
    (stack,) = json.loads(as_json([report]))["stacks"]
    places = {
        (row["place"]["file"], row["place"]["line"])
        for each in stack["resources"]
        for row in each["fields"]
        if row["place"]
    }
    assert places == {(row.place.file, row.place.line) for each in report.resources for row in each.fields if row.place}
    terminal = text([report], width=200)
    declared = [each for each in report.resources if each.place and each.impacts and not report.causes][:1]
    assert [each for each in declared if name != MANY and phrases.place(each.place or NOWHERE) not in terminal] == []
    assert {(found.file, found.line) for found in results(report)} >= {
        (each.place.file, each.place.line)
        for each in report.resources
        if each.place and each.violations and not each.violations[0].place
    }
