"""The issue of the nightly job: within the forge's limit, safe to render, with what only a preview shows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from model_serving.delivery.drift.issue import LIMIT, drift_marker, issue
from model_serving.delivery.drift.reports import Result
from model_serving.operations.drift.report import Condition, FieldDrift, Origin, ResourceDrift
from model_serving.review.assess.report import Report, Stamp, Verdict
from model_serving.review.plan.preview import Violation
from model_serving.review.render.markers import marker
from model_serving.spec.diagnostics import Location
from tests.support import drift_reports as samples
from tests.support.drift_reports import EVERYTHING, HOST, NOTHING_DIFFERS, report_of
from tests.support.golden_cases import CASES, STAMP, report_on

PLACE = Location("stacks/Pulumi.prod.yaml", 12, 1)


def places(stack: str, kind: str, key: str, field: tuple[str, ...]) -> Location:
    assert (stack, bool(kind and key)) == ("prod", True)
    return replace(PLACE, line=12 + len(field))


def written(*resources: ResourceDrift, previews: tuple[Report, ...] = (), limit: int = LIMIT) -> str:
    return issue(report_of(*resources), places, STAMP, previews, limit)


def test_marker_is_the_first_line() -> None:
    assert written(samples.SCORER).startswith(f"{marker('prod')}\n")
    assert issue(EVERYTHING, places).startswith(f"{drift_marker(['prod'], is_whole_workspace=True)}\n")
    assert drift_marker(["prod"], is_whole_workspace=True) != marker("prod")


def test_every_difference_is_in_the_issue() -> None:
    text = issue(EVERYTHING, places, STAMP)
    for each in EVERYTHING.resources:
        if each.condition.is_drift or each.condition is Condition.NOT_READABLE:
            assert (each.key or each.name) in text
            assert all(field.name.replace("|", "") in text for field in each.fields)
    for orphan in EVERYTHING.orphans:
        assert orphan.removal in text


def test_title_says_what_differs() -> None:
    assert "## 🌀 prod: 1 resource differs" in written(samples.SCORER)
    assert "## ✅ prod: the workspace is as declared" in issue(NOTHING_DIFFERS, places)
    assert "## ❌ prod: 1 thing not read" in written(samples.UNREADABLE)


def test_names_lead_to_the_workspace_and_lines() -> None:
    text = written(samples.SCORER)
    assert f"[`fraud-scorer`]({HOST}/ml/endpoints/prod-fraud-scorer)" in text
    assert f"[`stacks/Pulumi.prod.yaml:12`]({STAMP.source}stacks/Pulumi.prod.yaml#L12)" in text
    assert f"{HOST}/ml/endpoints/prod-iris" not in written(samples.MISSING), "it has no page any more"
    here = report_of(samples.SCORER, host="http://127.0.0.1:8787")
    assert "/ml/endpoints/" not in issue(here, places, STAMP)


NASTY = (
    "| x |\n\n# heading",
    "<script>alert(1)</script>",
    "@everyone #1",
    "</details>",
    "<!-- model-serving-review:other -->",
    "`a` ``b``",
    "[x](https://evil.example)",
    "\u202eabc",
)


@pytest.mark.parametrize("text", NASTY)
def test_nothing_of_a_value_formats(text: str) -> None:
    hostile = replace(
        samples.SCORER,
        key=text,
        creator=text,
        reason=text,
        fields=(FieldDrift(("tags", text), text, text[::-1], Origin.OUTSIDE, text),),
        traces=tuple(replace(each, who=text) for each in samples.SCORER.traces),
    )
    made = replace(samples.OF_A_TEAM[0], name=text, creator=text)
    orphan = replace(samples.LEFT[0], name=text, subject=text, reason=text)
    rendered = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(issue(report_of(hostile, made, orphans=(orphan,)), places, STAMP))
    )
    plain = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(issue(report_of(samples.SCORER, made, orphans=(samples.LEFT[0],)), places, STAMP))
    )
    assert "<script" not in rendered
    assert 'evil.example"' not in rendered
    assert rendered.count("<h1") == 0
    assert rendered.count("<!--") == 1
    assert rendered.count("</details>") == plain.count("</details>")
    assert "\u202e" not in rendered


@pytest.mark.parametrize("limit", [LIMIT, 20_000, 6_000])
def test_issue_stays_within_the_limit(limit: int) -> None:
    many = [
        replace(
            samples.SCORER,
            name=f"prod-{n}",
            key=f"scorer-{n}",
            fields=(FieldDrift(("tags", "owner"), "risk", f"{n} {'x' * 300}", Origin.OUTSIDE),),
        )
        for n in range(200)
    ]
    made = [replace(samples.OF_A_TEAM[0], name=f"made-{n}") for n in range(1_000)]
    text = issue(report_of(*many, *made), places, STAMP, (report_on(CASES / "three-hundred-endpoints"),), limit)
    assert len(text) <= limit
    assert "1200 resources differ" in text
    assert "more; the full report is in the run" in text


def test_preview_is_folded_below_drift() -> None:
    preview = report_on(CASES / "drift-at-night")
    text = written(samples.SCORER, previews=(preview,))
    summary = "Preview of the next deployment: local: the workspace differs from the stack files"
    assert f"<details><summary>{summary} (iris-classifier, fraud-scorer)</summary>" in text
    assert text.count("<!--") == 1, "the preview's own marker would be taken for the issue's"
    assert text.index("fraud-scorer") < text.index(summary)


def test_failed_preview_is_open_and_first_in_title() -> None:
    preview = report_on(CASES / "policy-violation")
    assert preview.verdict is Verdict.FAILED
    text = issue(NOTHING_DIFFERS, places, STAMP, (preview,))
    assert "## ❌ prod" in text
    assert "Preview of the next deployment" not in text
    assert "supported-entity-types" in text


def test_moved_alias_is_shown_open() -> None:
    preview = report_on(CASES / "moved-alias")
    text = written(samples.SCORER, previews=(preview,))
    assert text.index("### 👁️ Look at") < text.index("moved from version") < text.index("<details>")
    alone = issue(NOTHING_DIFFERS, places, STAMP, (preview,))
    assert (alone.count("moved from version"), "Look at" in alone, alone.count("commit `")) == (1, False, 1)


@pytest.mark.parametrize(
    ("found", "verdict", "status"),
    [
        (NOTHING_DIFFERS, "no-changes", 0),
        (NOTHING_DIFFERS, "moved-alias", 2),
        (NOTHING_DIFFERS, "policy-violation", 1),
        (report_of(samples.SCORER), "no-changes", 2),
        (report_of(samples.SCORER), "policy-violation", 2),
        (report_of(samples.UNREADABLE), "no-changes", 1),
    ],
)
def test_exit_status_is_of_both_comparisons(found: object, verdict: str, status: int, tmp_path: Path) -> None:
    result = Result(found, (report_on(CASES / verdict),), tmp_path, Stamp())  # type: ignore[arg-type]
    assert result.exit_status == status
    result.write(None, [tmp_path / "drift.json", tmp_path / "drift.txt", tmp_path / "drift.md"])
    data = json.loads((tmp_path / "drift.json").read_text(encoding="utf-8"))
    assert (data["exit_status"], len(data["previews"])) == (status, 1)
    assert "no changes" in (tmp_path / "drift.txt").read_text(encoding="utf-8") or verdict != "no-changes"


def test_expiring_secret_needs_a_person() -> None:
    clean = report_on(CASES / "no-changes")
    expiring = Violation("advisory", "secrets-last", "urn", 'OAuth secret "checkout-secret-1" expires on 2026-12-01')
    resource = replace(report_on(CASES / "moved-alias").resources[0], violations=(expiring,))
    preview = replace(clean, resources=(resource,), verdict=Verdict.APPROVAL)
    assert "expires on 2026-12-01" in written(samples.SCORER, previews=(preview,)).partition("<details>")[0]
    assert "expires on 2026-12-01" in issue(NOTHING_DIFFERS, places, STAMP, (preview,))
