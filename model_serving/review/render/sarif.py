"""The findings of a report at lines of the stack files."""

from collections.abc import Iterator

from model_serving.review.assess.report import Report
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.plan.preview import Violation
from model_serving.sarif import Result


def results(report: Report) -> Iterator[Result]:
    """Policy violations, and the dangerous impacts of the change."""
    for change in report.resources:
        file, line = _place(change, report)
        for violation in change.violations:
            yield _violation(violation, file, line)
        for each in change.impacts:
            if each.risk.sarif_level:
                text = f"{change.title}: {each.what}" + (f" ({each.why})" if each.why else "")
                rule = f"change-{each.risk}"
                yield Result(rule, each.risk.sarif_level, text, file, line, description=each.risk.meaning)
    for violation in report.violations:
        yield _violation(violation, _stack_file(report))


def _violation(violation: Violation, file: str, line: int = 1) -> Result:
    level = "error" if violation.mandatory else "warning"
    return Result(violation.rule, level, violation.message, file, line, description=violation.description)


def _place(change: ResourceChange, report: Report) -> tuple[str, int]:
    file, _, line = change.place.rpartition(":")
    return (file, int(line)) if file else (_stack_file(report), 1)


def _stack_file(report: Report) -> str:
    return f"stacks/Pulumi.{report.stack}.yaml"
