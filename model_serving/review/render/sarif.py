"""What a report says to lines of the stack files."""

from collections.abc import Iterator

from model_serving.review.assess.impacts import MEANING, Risk
from model_serving.review.assess.report import Report
from model_serving.review.assess.resource_change import Subject
from model_serving.review.assess.sentence import unquoted
from model_serving.sarif import Result

_LEVELS = {Risk.OUTAGE: "error", **dict.fromkeys((Risk.INTERFACE, Risk.LOST, Risk.PROTECTION, Risk.ACCESS), "warning")}
"""What is less than this is no finding for a line; the comment tells it."""


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
