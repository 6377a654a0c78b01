"""Findings at their lines of the stack files, as SARIF 2.1.0: forges and editors show them on the changed line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from review.report import Report
from review.risks import MEANING, Risk
from review.spans import unquoted
from review.subject import Subject

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Risk.OUTAGE: "error", **dict.fromkeys((Risk.INTERFACE, Risk.LOST, Risk.PROTECTION, Risk.ACCESS), "warning")}
"""What is less than this is no finding for a line; the comment tells it."""


@dataclass(frozen=True)
class Result:
    """One finding at a place. `level` is error, warning or note."""

    rule: str
    level: str
    message: str
    file: str
    line: int = 1
    column: int = 1
    description: str = ""


def results(report: Report) -> Iterator[Result]:
    """What a report says to lines: policy violations, and what is dangerous in the change."""
    for subject in report.subjects:
        file, line = _place(subject, report)
        for each in subject.violations:
            level = "error" if each.mandatory else "warning"
            yield Result(each.rule, level, each.message, file, line, description=each.description)
        for finding in subject.findings:
            if level := _LEVELS.get(finding.risk, ""):
                text = f"{subject.title}: {finding.what}" + (f" ({finding.why})" if finding.why else "")
                yield Result(
                    f"change-{finding.risk}", level, unquoted(text), file, line, description=MEANING[finding.risk]
                )
    for each in report.violations:
        yield Result(each.rule, "error" if each.mandatory else "warning", each.message, _stack_file(report))


def _place(subject: Subject, report: Report) -> tuple[str, int]:
    file, _, line = subject.place.rpartition(":")
    return (file, int(line)) if file else (_stack_file(report), 1)


def _stack_file(report: Report) -> str:
    return f"stacks/Pulumi.{report.stack}.yaml"


def sarif(found: Iterable[Result]) -> str:
    """A log with one run, its results sorted by place."""
    told = sorted(set(found), key=lambda each: (each.file, each.line, each.column, each.rule, each.message))
    rules = {each.rule: each.description for each in told}
    run = {
        "tool": {
            "driver": {"name": "model-serving-review", "rules": [_rule(rule, rules[rule]) for rule in sorted(rules)]}
        },
        "results": [_result(each) for each in told],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: str, description: str) -> dict[str, Any]:
    return {"id": rule, "shortDescription": {"text": description or rule}}


def _result(each: Result) -> dict[str, Any]:
    region = {"startLine": each.line, "startColumn": each.column}
    location = {"physicalLocation": {"artifactLocation": {"uri": each.file}, "region": region}}
    return {"ruleId": each.rule, "level": each.level, "message": {"text": each.message}, "locations": [location]}
