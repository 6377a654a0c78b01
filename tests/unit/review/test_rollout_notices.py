"""What a report says of an earlier rollout that failed, or has not ended."""

from dataclasses import replace
from typing import Any

import pytest

from model_serving.databricks.resource_types import ROLLOUT_RECORD
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.events import from_events
from model_serving.review.plan.preview import Preview
from model_serving.review.render.markdown import markdown
from model_serving.review.render.rollout_history import rollouts_markdown, rollouts_text
from model_serving.spec.rollout_record import Approval, Entry, Owner, Record, Status, Verdict
from tests.unit.review.conftest import endpoint_inputs, planned

TARGET, START = {"champion": 100}, {"old": 100}
REASON = "25 %: champion: p95: 123 ms of 1,203 requests (bound: 80 ms)"
FIGURES = {"champion": {"requests": 1203, "error_rate": 0.002, "p95_ms": 123.4}}
FAILED = Entry("2026-11-21T18:30:00+00:00", "run1", START, {"champion": 25}, Verdict.FAILED, "", "p95", FIGURES)
BACK = Entry("2026-11-21T18:31:00+00:00", "run1", {"champion": 25}, START, Verdict.BACK)
RECORD = Record(
    *("r1", "run1", Status.FAILED, Owner(), Approval(), START, TARGET, {"champion": "main.ml.fraud v7"}),
    *(START, START, "step1", REASON),
    entries=(FAILED, BACK),
)


def preview(record: Record, op: str = "update") -> Preview:
    new = endpoint_inputs("fraud")
    kept = planned("same", "fraud-rollout", {}, {}, ROLLOUT_RECORD)
    kept["resourcePreEvent"]["metadata"]["old"]["outputs"] = {"record": record.to_json()}
    return from_events([planned(op, "fraud", endpoint_inputs("fraud", tags=[]), new), kept, {"summaryEvent": {}}])


def notices(record: Record) -> list[str]:
    return [each.text for each in report(preview(record)).notices]


def test_a_failed_rollout_is_reported() -> None:
    (text,) = notices(RECORD)
    assert text.startswith("The rollout of `fraud` to champion 100 % failed on 2026-11-21 18:31 UTC at `25 %: champion")
    assert text.endswith(
        "It went back to old 100 %, and the stack files declare champion 100 %: deploying this change"
        " starts the rollout again"
    )
    assert "🚦 The rollout of `fraud`" in markdown(report(preview(RECORD)))


def test_a_rollout_that_others_ended_went_nowhere() -> None:
    (text,) = notices(replace(RECORD, split={"champion": 10, "old": 90}, entries=(FAILED,)))
    assert "It was left at champion 10 %, old 90 %, and the stack files declare" in text


def test_an_unfinished_rollout_is_reported() -> None:
    (text,) = notices(replace(RECORD, status=Status.RUNNING, split={"champion": 25, "old": 75}))
    assert "has not ended: it was at champion 25 %, old 75 % on" in text


def test_a_rollout_that_goes_back_is_reported() -> None:
    (text,) = notices(replace(RECORD, status=Status.GOING_BACK))
    assert "has not ended: it was on its way back to old 100 % on 2026-11-21 18:31 UTC. Deploying goes back: it" in text


@pytest.mark.parametrize(
    "changed",
    [{"status": Status.REACHED}, {"target": {"champion": 50}}, {"entities": {"champion": "main.ml.fraud v6"}}],
    ids=["reached", "another target", "another model"],
)
def test_any_other_rollout_is_history(changed: dict[str, Any]) -> None:
    assert notices(replace(RECORD, **changed)) == []


def test_the_history_of_a_run_is_a_table() -> None:
    page = rollouts_markdown({"fraud": RECORD})
    assert page.splitlines()[0] == rf"### 🚦 Rollout of `fraud`: failed at {REASON}"
    figures = "p95; champion: 1,203 requests, errors 0.2 %, p95 123 ms"
    assert f"| 2026-11-21 18:30:00 | champion 25 % | ❌ failed | {figures} |" in page
    assert page in markdown(replace(report(preview(RECORD)), rolled_out={"fraud": RECORD}))


def test_the_history_for_a_terminal_has_lines() -> None:
    assert rollouts_text({"fraud": RECORD}).splitlines() == [
        f"Rollout of fraud to champion 100 %: failed at {REASON}",
        "  2026-11-21 18:30:00  champion 25 %  failed   p95; champion: 1,203 requests, errors 0.2 %, p95 123 ms",
        "  2026-11-21 18:31:00  old 100 %      back",
    ]
