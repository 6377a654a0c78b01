"""Reports on previews made by hand, and their sentences with backticks around quoted values."""

from typing import Any

from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Report
from model_serving.review.assess.sentence import Quoted, Sentence
from model_serving.review.plan.events import from_events


def report_of(*events: dict[str, Any]) -> Report:
    """The report on a preview that finished after these events."""
    return report(from_events([*events, {"summaryEvent": {}}]))


def impacts_of(report: Report) -> list[tuple[str, str]]:
    """The risk and text of each impact on the only resource of a report."""
    (resource,) = report.resources
    return [(impact.risk, backticked(impact.what)) for impact in resource.impacts]


def backticked(sentence: Sentence) -> str:
    """The sentence as Markdown writes it."""
    return "".join(f"`{part.text}`" if isinstance(part, Quoted) else part for part in sentence.parts)
