"""Reports of stacks as results of a command: their files, and the exit status."""

from collections.abc import Sequence
from pathlib import Path

from model_serving.check.check import stack_file_errors
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.render import formats
from model_serving.sarif import Result
from model_serving.spec.files.listing import has_file

_STANDARD_OUTPUT = Path("-")


def write_reports(reports: list[Report], form: str | None, files: Sequence[Path], folder: Path) -> None:
    """Write to each file, or else to standard output; SARIF holds the errors in the stack files of `folder`, too."""
    errors = _stack_file_errors(reports, folder)
    named = [file for file in files if file != _STANDARD_OUTPUT]
    if named:
        formats.write_reports(reports, form, named, errors)
    if not named or _STANDARD_OUTPUT in files:
        formats.write_reports(reports, form, [], errors)


def _stack_file_errors(reports: Sequence[Report], folder: Path) -> dict[str, list[Result]]:
    """The errors in the stack files whose preview failed, by stack."""
    return {
        report.stack: stack_file_errors(folder, report.stack)
        for report in reports
        if report.errors and has_file(folder, report.stack)
    }


def exit_status(reports: Sequence[Report]) -> int:
    """The exit status of the worst verdict."""
    verdicts = {each.verdict for each in reports}
    return next(
        verdict for verdict in (Verdict.FAILED, Verdict.APPROVAL, Verdict.FINE) if verdict in verdicts
    ).exit_status
