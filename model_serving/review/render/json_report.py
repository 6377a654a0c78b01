"""The report for other programs. Its shape is a promise: fields are added, never renamed; `version` counts breaks."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from model_serving.review.assess.report import Report
from model_serving.review.assess.sentence import unquoted
from model_serving.review.render.phrases import tally, verdict

VERSION = 1


def as_json(reports: Sequence[Report]) -> str:
    """All stacks' reports as one JSON document."""
    document = {"version": VERSION, "stacks": [_stack(report) for report in reports]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _stack(report: Report) -> dict[str, Any]:
    told = asdict(report)
    told["summary"] = {"verdict": unquoted(verdict(report)), "counts": tally(report), "risk": report.risk}
    for subject in told["subjects"]:
        for finding in subject["findings"]:
            finding.update({name: unquoted(finding[name]) for name in ("what", "why")})
    told["order"] = [unquoted(step) for step in report.order]
    told["subjects"] = [
        {**subject, "risk": this.risk} for subject, this in zip(told["subjects"], report.subjects, strict=True)
    ]
    return told
