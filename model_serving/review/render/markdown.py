"""The comment on a pull request: never longer than the forge takes, and the dangerous part never left out."""

from collections.abc import Iterable

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.render import markdown_parts as parts
from model_serving.review.render.collapse import alike, said
from model_serving.review.render.escape import folded, plain

LIMIT = 65_536
"""GitHub refuses a longer comment. GitLab takes a million."""

_SLACK = 500
_ERRORS = 8_000
_DETAILS = 12_000
_OPEN = 8
"""So many subjects are told unfolded."""


def marker(stack: str) -> str:
    """The hidden line by which the comment of a stack is found again, to be written anew in place."""
    return f"<!-- model-serving-review:{stack} -->"


def markdown(report: Report, limit: int = LIMIT) -> str:
    """The report as a comment of at most `limit` characters."""
    first = marker(report.stack) + (f"\n<!-- reviewed:{report.digest} -->" if report.digest else "")
    sections = [first, parts.title(report)]
    if report.errors:
        sections.append(parts.errors(report, _ERRORS))
    end = parts.stamp(report)
    room = limit - _SLACK - len(end) - _size(sections)
    sections += _destructive(report, room)
    room = limit - _SLACK - len(end) - _size(sections)
    for section in _optional(report, room):
        if len(section) + 2 <= room:
            sections.append(section)
            room -= len(section) + 2
    return "\n\n".join([*sections, end]) + "\n"


def _size(sections: Iterable[str]) -> int:
    return sum(len(section) + 2 for section in sections)


def _destructive(report: Report, room: int) -> list[str]:
    worst = tuple(each for each in report.subjects if each.risk is Risk.OUTAGE)
    if not worst:
        return []
    verb = "would stop" if report.verdict is Verdict.FAILED else "stops"
    full = parts.destructive(worst, verb)
    return [full if len(full) < room // 3 else parts.destructive_in_short(worst, verb)]


def _optional(report: Report, room: int) -> Iterable[str]:
    """Everything else, the most wanted first; each section is cut to its part of the room."""
    if report.all_violations:
        yield _violations(report, room // 3)
    if report.warnings:
        yield _within(parts.warnings(report.warnings), room // 6, "warnings", len(report.warnings))
    if report.drifted:
        yield _within(parts.drift(report.drifted), room // 6, "drifted", len(report.drifted))
    if report.half_arrived:
        yield _within(parts.half_arrived(report.half_arrived), room // 6, "half updated", len(report.half_arrived))
    yield from _subjects(report, room // 2)
    if report.order:
        yield parts.order(report, _DETAILS // 3)
    if any(subject.fields for subject in report.subjects):
        yield parts.fields(report.subjects, _DETAILS)


def _violations(report: Report, room: int) -> str:
    lines = [parts.violation(each.violation, each.subjects) for each in said(report.subjects)]
    lines += [parts.violation(each) for each in report.violations]
    return "\n".join(["### Policies", "", *_fitting(lines, room)])


def _subjects(report: Report, room: int) -> Iterable[str]:
    """The first ones open, the others folded; where the room ends, a line each, and then their number."""
    told = [each for each in alike(report.subjects) if each.subject.findings]
    full = [parts.subject(each) for each in told]
    shown, size = 0, 0
    while shown < len(full) and size + len(full[shown]) + 2 <= room:
        size += len(full[shown]) + 2
        shown += 1
    yield from full[: min(shown, _OPEN)]
    folds = full[_OPEN:shown]
    rest = _fitting([parts.subject_in_short(each) for each in told[shown:]], max(room - size, room // 3))
    if folds or rest:
        body = "\n\n".join(["\n\n".join(folds), "\n".join(rest)]).strip()
        yield folded(f"{len(told) - min(shown, _OPEN)} more, in the order of their risk", body)


def _fitting(lines: list[str], room: int) -> list[str]:
    size = 0
    for n, line in enumerate(lines):
        size += len(line) + 1
        if size > room:
            return [*lines[:n], "", plain(f"… and {len(lines) - n} more; the full report is in the run")]
    return lines


def _within(text: str, room: int, what: str, count: int) -> str:
    return text if len(text) <= room else f"### 🌀 {count} {what}; the full report is in the run"
