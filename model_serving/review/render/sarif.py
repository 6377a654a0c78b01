"""The findings of a report at lines of the stack files."""

from collections.abc import Iterator

from model_serving.review.assess.report import Report
from model_serving.review.plan.preview import Violation
from model_serving.sarif import Result
from model_serving.spec.diagnostics import Location


def results(report: Report) -> Iterator[Result]:
    """Policy violations, and the dangerous impacts of the change."""
    stack_file = Location(f"stacks/Pulumi.{report.stack}.yaml")
    for change in report.resources:
        location = change.place or stack_file
        yield from (_violation(violation, violation.place or location) for violation in change.violations)
        for each in change.impacts:
            if each.risk.sarif_level:
                text = f"{change.title}: {each.what}" + (f" ({each.why})" if each.why else "")
                rule, meaning = f"change-{each.risk}", each.risk.meaning
                yield Result(rule, each.risk.sarif_level, text, location.file, location.line, description=meaning)
    yield from (_violation(violation, stack_file) for violation in report.violations)


def _violation(violation: Violation, location: Location) -> Result:
    level = "error" if violation.mandatory else "warning"
    text, about = violation.message, violation.description
    return Result(violation.rule, level, text, location.file, location.line, description=about)
