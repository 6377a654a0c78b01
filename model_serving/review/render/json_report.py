"""The report for other programs. Fields are added, never renamed; `version` counts incompatible changes."""

import json
from collections.abc import Sequence
from typing import Any

from model_serving.review.assess.execution_order import Write
from model_serving.review.assess.permissions import Principal
from model_serving.review.assess.report import Report
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.assess.sentence import Sentence
from model_serving.review.render.summary import counts, verdict

VERSION = 1


def as_json(reports: Sequence[Report]) -> str:
    """All stacks' reports as one JSON document."""
    document = {"version": VERSION, "stacks": [_stack(report) for report in reports]}
    return json.dumps(document, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _stack(report: Report) -> dict[str, Any]:
    summary = {"verdict": verdict(report), "counts": counts(report), "risk": report.risk}
    return {**vars(report), "resources": list(map(_resource, report.resources)), "summary": summary}


def _resource(change: ResourceChange) -> dict[str, Any]:
    return {**vars(change), "rows": change.rows, "risk": change.risk}


def _plain(value: Any) -> Any:
    """A part of the report as JSON has it: sentences, principals and steps as text, everything else by its fields."""
    if isinstance(value, Write):
        return str(value.text)
    return str(value) if isinstance(value, Sentence | Principal) else vars(value)
