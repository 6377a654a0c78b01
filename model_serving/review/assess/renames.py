"""An endpoint that goes while another comes that serves the same: what its author means as a rename."""

from dataclasses import replace

from model_serving.review.assess.impacts import Finding, Risk, by_risk
from model_serving.review.assess.resource_change import Action, Subject
from model_serving.review.assess.sentence import quoted


def with_renames(subjects: list[Subject]) -> list[Subject]:
    """The subjects, with what a reviewer should know where one looks like the successor of another."""
    created = [each for each in subjects if each.kind == "endpoint" and each.action is Action.CREATE]
    return [_renamed(each, created) if each.action is Action.DELETE else each for each in subjects]


def _renamed(gone: Subject, created: list[Subject]) -> Subject:
    successor = next((each for each in created if _models(gone, "before") == _models(each, "after") != set()), None)
    if successor is None:
        return gone
    what = (
        f"Looks like a rename to {quoted(successor.key)}, and there is none: its callers must move before it is deleted"
    )
    why = (
        "the new endpoint is made first, the old one deleted last, in the same run; do it in two pull requests instead"
    )
    return replace(gone, findings=by_risk([*gone.findings, Finding(Risk.OUTAGE, what, why)]))


def _models(subject: Subject, side: str) -> set[str]:
    """The models without their versions."""
    labels = [getattr(row, side) for row in subject.rows if row.label.startswith("Model · ")]
    return {str(label).partition(" v")[0] for label in labels}
