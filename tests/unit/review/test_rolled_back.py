"""A change that undoes a rollback says so, and no earlier approval covers it."""

from collections.abc import Callable
from typing import Any

from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.plan.events import from_events
from model_serving.review.plan.notices import NoticeKind
from tests.unit.review.conftest import component

Event = dict[str, Any]
Planned = Callable[..., Event]
Inputs = Callable[..., dict[str, Any]]


def judged(*events: Event) -> Report:
    return report(from_events([*events, {"summaryEvent": {}}]))


def test_a_change_of_what_serves_undoes_a_rollback(plan: Planned, inputs: Inputs) -> None:
    after = inputs("fraud")
    after["config"]["trafficConfig"]["routes"][0]["servedModelName"] = "challenger"
    update = plan("update", "fraud", inputs("fraud"), after, diffs=["config"])
    undone, plain = judged(component(rolled_back=True), update), judged(component(rolled_back=False), update)
    (notice,) = undone.notices
    assert (notice.kind, undone.verdict) == (NoticeKind.ROLLED_BACK, Verdict.APPROVAL)
    assert notice.text == "`fraud` was rolled back, and this change undoes the rollback"
    assert "model-serving rollback fraud --stack prod --to" in notice.fix
    assert plain.notices == ()
    assert undone.digest != plain.digest


def test_another_change_of_the_endpoint_undoes_nothing(plan: Planned, inputs: Inputs) -> None:
    update = plan("update", "fraud", inputs("fraud"), inputs("fraud", description="of fraud"), diffs=["description"])
    assert judged(component(rolled_back=True), update).notices == ()
