"""The comment on a pull request: within the forge's limit, and never without the dangerous part."""

from collections.abc import Iterable

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.render import markdown_parts as parts
from model_serving.review.render.collapse import collapse_changes, collapse_violations
from model_serving.review.render.escape import folded

LIMIT = 65_536
"""GitHub refuses a longer comment. GitLab accepts a million characters."""

_MARGIN = 500
_ERRORS = 8_000
_DETAILS = 12_000
_OPEN = 8
"""So many changes are shown unfolded."""


def marker(stack: str) -> str:
    """The hidden line that identifies a stack's comment, so that it is updated in place."""
    return f"<!-- model-serving-review:{stack} -->"


def markdown(report: Report, limit: int = LIMIT) -> str:
    """The report as a comment of at most `limit` characters."""
    first = marker(report.stack) + (f"\n<!-- reviewed:{report.digest} -->" if report.digest else "")
    end = parts.stamp(report)
    page = _Page(limit - _MARGIN - len(end))
    page.add(first)
    page.add(parts.title(report))
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
    lines = _fitting([parts.violation(each) for each in violations], room)
    return "\n".join(["### Policies", "", *lines]).rstrip()


def _changes(report: Report, room: int) -> Iterable[str]:
    """The first changes open, the others folded; then a line each, then their number, as the room allows."""
    changes = [each for each in collapse_changes(report.resources) if each.change.impacts]
    full = [parts.change(each) for each in changes]
    fitting, size = 0, 0
    while fitting < len(full) and size + len(full[fitting]) + 2 <= room:
        size += len(full[fitting]) + 2
        fitting += 1
    open_ones = min(fitting, _OPEN)
    yield from full[:open_ones]
    folds = full[_OPEN:fitting]
    rest = _fitting([parts.change_in_short(each) for each in changes[fitting:]], max(room - size, room // 3))
    if folds or rest:
        body = "\n\n".join(["\n\n".join(folds), "\n".join(rest)]).strip()
        yield folded(f"{len(changes) - open_ones} more, worst risk first", body)


def _fitting(lines: list[str], room: int) -> list[str]:
    """The lines that fit, and the number of the others."""
    size = 0
    for n, line in enumerate(lines):
        size += len(line) + 1
        if size > room:
            return [*lines[:n], "", f"… and {len(lines) - n} more; the full report is in the run"]
    return lines


def _within(text: str, room: int, what: str) -> str:
    return text if len(text) <= room else f"### 🌀 {what}; the full report is in the run"
