"""The comment on a pull request: within the forge's limit, and never without the dangerous part."""

import bisect
import itertools
from collections.abc import Iterable

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.render import markdown_parts as parts
from model_serving.review.render.collapse import collapse_changes, collapse_violations
from model_serving.review.render.escape import fitting, folded
from model_serving.review.render.markers import RECORDS_ROOM, digest_marker, marker

LIMIT = 65_536 - RECORDS_ROOM
"""GitHub refuses a comment of more than 65,536 characters. GitLab accepts a million."""

_MARGIN = 500
_ERRORS = 8_000
_DETAILS = 12_000
_MORE = "\n… and {} more; the full report is in the run"
_OPEN = 8
"""So many changes are shown unfolded."""


def markdown(report: Report, limit: int = LIMIT) -> str:
    """The report as a comment of at most `limit` characters."""
    first = marker(report.stack) + (
        f"\n{digest_marker(report.digest, report.covered.sections)}" if report.digest else ""
    )
    end = parts.stamp(report)
    page = _Page(limit - _MARGIN - len(end))
    page.add(first)
    page.add(parts.title(report))
    if report.notices:
        page.add(parts.notices(report.notices))
    if report.errors:
        page.add(parts.errors(report, _ERRORS))
    if any(each.risk is Risk.OUTAGE for each in report.resources):
        page.add(_outages(report, page.room))
    for section in _optional(report, page.room):
        if len(section) + 2 <= page.room:
            page.add(section)
    return "\n\n".join([*page.sections, end]) + "\n"


class _Page:
    """Sections of a comment, and the room that they leave."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sections: list[str] = []

    def add(self, section: str) -> None:
        self.sections.append(section)
        self.room -= len(section) + 2


def _outages(report: Report, room: int) -> str:
    outages = tuple(each for each in report.resources if each.risk is Risk.OUTAGE)
    verb = "would cause" if report.verdict is Verdict.FAILED else "causes"
    full = parts.outages(outages, verb)
    return full if len(full) < room // 3 else parts.outages_in_short(outages, verb)


def _optional(report: Report, room: int) -> Iterable[str]:
    """Everything else, the most important first, each section cut to its part of the room."""
    if report.all_violations:
        yield _violations(report, room // 3)
    if report.warnings:
        yield _within(parts.warnings(report.warnings), room // 6, f"{len(report.warnings)} warnings")
    if report.drifted:
        yield _within(parts.drift(report.drifted), room // 6, f"{len(report.drifted)} drifted")
    if report.half_updated:
        yield _within(parts.half_updated(report.half_updated), room // 6, f"{len(report.half_updated)} half updated")
    yield from _changes(report, room // 2)
    if report.order:
        yield parts.order(report, _DETAILS // 3)
    if any(change.fields for change in report.resources):
        yield parts.fields(report.resources, _DETAILS)


def _violations(report: Report, room: int) -> str:
    violations = collapse_violations(report.resources, report.violations)
    lines = fitting([parts.violation(each) for each in violations], room, _MORE)
    return "\n".join(["### Policies", "", *lines]).rstrip()


def _changes(report: Report, room: int) -> Iterable[str]:
    """The first changes open, the others folded; then a line each, then their number, as the room allows."""
    changes = [each for each in collapse_changes(report.resources) if each.change.impacts]
    full = [parts.change(each) for each in changes]
    sizes = list(itertools.accumulate(len(section) + 2 for section in full))
    shown = bisect.bisect_right(sizes, room)
    size = sizes[shown - 1] if shown else 0
    yield from full[: min(shown, _OPEN)]
    folds = full[_OPEN:shown]
    rest = fitting([parts.change_in_short(each) for each in changes[shown:]], max(room - size, room // 3), _MORE)
    if folds or rest:
        body = "\n\n".join(["\n\n".join(folds), "\n".join(rest)]).strip()
        yield folded(f"{len(changes) - min(shown, _OPEN)} more, worst risk first", body)


def _within(text: str, room: int, what: str) -> str:
    return text if len(text) <= room else f"### {what}; the full report is in the run"
