"""The golden comments, recorded on the real engine by `make accept`."""

import json
from pathlib import Path

import pytest

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Verdict
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import LIMIT
from model_serving.review.render.sarif import results
from model_serving.review.render.terminal import text
from tests.support.golden_cases import CASES, CASES_OF_REVIEW, comment_on, report_on

NAMES = [case.name for case in CASES_OF_REVIEW]


@pytest.mark.parametrize("name", NAMES)
def test_recorded_events_give_the_golden_comment(name: str) -> None:
    assert comment_on(CASES / name) == (CASES / name / "comment.md").read_text(encoding="utf-8")


def test_every_case_folder_is_a_case() -> None:
    assert sorted(folder.name for folder in CASES.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize(
    ("name", "verdict", "risk"),
    [
        ("first-deployment", Verdict.APPROVAL, Risk.ACCESS),
        ("canary-step", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("staged-rollout", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("stopped-rollout", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("rollback", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("flipped-route-optimization", Verdict.FAILED, Risk.OUTAGE),
        ("rename", Verdict.APPROVAL, Risk.OUTAGE),
        ("permission-widening", Verdict.APPROVAL, Risk.ACCESS),
        ("deleted-endpoint", Verdict.APPROVAL, Risk.OUTAGE),
        ("three-hundred-endpoints", Verdict.APPROVAL, Risk.COST),
        ("failed-preview", Verdict.FAILED, None),
        ("policy-violation", Verdict.FAILED, Risk.LOST),
        ("model-size-and-secrets", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("changed-outside", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("failed-update", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("lost-answer", Verdict.APPROVAL, None),
        ("field-that-is-dropped", Verdict.FAILED, Risk.LOST),
        ("agreed-replacement", Verdict.APPROVAL, Risk.OUTAGE),
        ("removed-protection", Verdict.APPROVAL, Risk.PROTECTION),
        ("protected-deletion", Verdict.FAILED, Risk.OUTAGE),
        ("rotated-secret", Verdict.APPROVAL, Risk.INTERFACE),
        ("migration-start", Verdict.APPROVAL, Risk.ACCESS),
        ("migration-end", Verdict.APPROVAL, Risk.INTERFACE),
        ("migration-refused", Verdict.FAILED, Risk.INTERFACE),
        ("migration-back", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("migration-abandoned", Verdict.APPROVAL, Risk.INTERFACE),
        ("new-endpoint", Verdict.APPROVAL, Risk.ACCESS),
        ("drift-at-night", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("moved-alias", Verdict.APPROVAL, Risk.BEHAVIOUR),
        ("no-changes", Verdict.FINE, None),
    ],
)
def test_cases_have_verdict_and_risk(name: str, verdict: Verdict, risk: Risk | None) -> None:
    result = report_on(CASES / name)
    assert (result.verdict, result.risk) == (verdict, risk)


def test_identical_changes_are_collapsed_and_named() -> None:
    comment = comment_on(CASES / "three-hundred-endpoints")
    assert "300 endpoints updated identically" in comment
    assert all(f"`scorer-{n:03}`" in comment for n in range(300))
    assert len(comment) < LIMIT // 2


def test_environment_values_are_in_no_format() -> None:
    folder = CASES / "model-size-and-secrets"
    assert "planted-plain-value" in (folder / "events.jsonl").read_text(encoding="utf-8")
    result = report_on(folder)
    forms = [comment_on(folder), as_json([result]), text([result]), str([*results(result)])]
    assert [form for form in forms if "planted-plain-value" in form] == []
    assert all("[hidden]" in form for form in (comment_on(folder), as_json([result])))


def test_json_report_has_verdict_risk_and_shares() -> None:
    document = json.loads(as_json([report_on(CASES / "canary-step")]))
    (stack,) = document["stacks"]
    (resource,) = stack["resources"]
    assert (document["version"], stack["verdict"], stack["summary"]["risk"]) == (1, "approval", "behaviour")
    assert [(share["entity"], share["before"], share["after"]) for share in resource["shares"]] == [
        ("champion", 95, 75),
        ("challenger", 5, 25),
    ]


def test_json_report_has_sentences_as_text() -> None:
    (stack,) = json.loads(as_json([report_on(CASES / "permission-widening")]))["stacks"]
    (resource,) = stack["resources"]
    assert stack["order"] == ["Update permissions fraud-scorer-permissions"]
    assert resource["impacts"][0]["what"] == "checkout (service principal) rises from CAN_QUERY to CAN_MANAGE"
    assert resource["grants"][0]["principal"] == "checkout (service principal)"


def test_violation_is_reported_at_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "policy-violation")
    errors = [result for result in results(report_on(Path())) if result.level == "error"]
    lines = Path("stacks/Pulumi.local.yaml").read_text(encoding="utf-8").splitlines()
    assert {(result.rule, result.file) for result in errors} == {("supported-entity-types", "stacks/Pulumi.local.yaml")}
    assert lines[errors[0].line - 1].strip().startswith("current:")
