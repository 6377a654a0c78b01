"""The comment on a pull request: what decides first, within the forge's limit, and never without the danger."""

import bisect
import itertools
from collections.abc import Iterable, Sequence

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Stamp, Verdict
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.plan.preview import Violation
from model_serving.review.render import markdown_change as open_parts
from model_serving.review.render import markdown_details as folded_parts
from model_serving.review.render import markdown_failure as first_parts
from model_serving.review.render import summary
from model_serving.review.render.collapse import collapse_changes, collapse_violations
from model_serving.review.render.escape import escaped, fitting, folded, prose
from model_serving.review.render.markers import RECORDS_ROOM, digest_marker, marker
from model_serving.review.render.rollout_history import rollouts_markdown

LIMIT = 65_536 - RECORDS_ROOM
"""GitHub refuses a comment of more than 65,536 characters. GitLab accepts a million."""

_MARGIN = 500
_CAUSES = 8_000
_DETAILS = 12_000
_MORE = "\n… and {} more; the full report is in the run"
_OPEN = 8
"""So many changes are shown unfolded."""


def markdown(report: Report, limit: int = LIMIT, *, is_comment: bool = True) -> str:
    """The report as a comment of at most `limit` characters; otherwise as a part of another one, without its marker."""
    end = folded_parts.stamp(report)
    page = _Page(limit - _MARGIN - len(end))
    hidden = [marker(report.stack)]
    hidden += [digest_marker(report.digest, report.covered.sections)] if report.digest else []
    if is_comment:
        page.add("\n".join(hidden))
    if judged := open_parts.judge_notices(report):
        page.add(judged)
    if report.rolled_out:
        page.add(_within(rollouts_markdown(report.rolled_out), page.room // 2, "Rollouts"))
    page.add(_title(report))
    if report.causes:
        page.add(first_parts.causes(report, _CAUSES))
    explained: tuple[ResourceChange, ...] = ()
    if outages := first_parts.unexplained_outages(report):
        full = first_parts.outages(outages, report.stamp, report.stack)
        explained = outages if len(full) < page.room // 3 else ()
        page.add(full if explained else first_parts.outages_in_short(outages))
    for section in _optional(report, page.room, explained):
        if section and len(section) + 2 <= page.room:
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


def _title(report: Report) -> str:
    """The verdict, the counts and how long it takes."""
    grave = report.risk in {Risk.OUTAGE, Risk.INTERFACE}
    sign = {Verdict.FINE: "✅", Verdict.FAILED: "❌", Verdict.APPROVAL: "🔴" if grave else "🟡"}[report.verdict]
    lines = [f"## {sign} {prose(summary.verdict(report))}", "", escaped(summary.counts(report))]
    if slow := summary.duration_warning(report):
        lines += ["", f"⏳ {escaped(slow)}"]
    return "\n".join(lines)


def _optional(report: Report, room: int, explained: tuple[ResourceChange, ...]) -> Iterable[str]:
    """Everything else, the most important first, each section cut to its part of the room.

    `explained` are the changes that the comment has already.
    """
    changes = tuple(each for each in first_parts.without_explained(report) if each not in explained and each.impacts)
    yield _within(open_parts.notices(report, need_approval=True), room // 6, "Notices")
    if report.verdict is Verdict.FAILED:
        refused = [*_changes(changes, report.stamp, report.stack, room // 3), _advice(report, room // 6)]
        if body := "\n\n".join(filter(None, refused)):
            yield folded("What this change would do", body)
    else:
        yield from _changes(changes, report.stamp, report.stack, room // 2)
        yield _advice(report, room // 3)
        yield folded_parts.cost(report, room // 6)
    yield _within(folded_parts.warnings(report.warnings), room // 6, "Warnings") if report.warnings else ""
    if report.drifted:
        yield _within(folded_parts.drift(report.drifted, report.stamp), room // 6, "Changed outside")
    if report.half_updated:
        yield _within(folded_parts.half_updated(report.half_updated, report.stamp), room // 6, "Half updated")
    if back := summary.rollback(report):
        yield f"↩️ {prose(back)}"
    yield folded_parts.steps(report, _DETAILS // 3) if report.order else ""
    yield folded_parts.fields(report, _DETAILS)
    yield _within(open_parts.notices(report, need_approval=False), room // 6, "Notices")


def _advice(report: Report, room: int) -> str:
    """The violations that refuse nothing: those of the change, then what is so without it."""
    conditions = set(report.conditions)
    own = [each for each in report.advice if each not in conditions]
    sections = [_violations("### ⚠️ Policies", own, report.stamp, room)]
    sections.append(_violations("### 👁️ Not part of this change", report.conditions, report.stamp, room // 2))
    return "\n\n".join(filter(None, sections))


def _violations(
    heading: str, violations: Sequence[tuple[Violation, ResourceChange | None]], stamp: Stamp, room: int
) -> str:
    lines = fitting([open_parts.advice(each, stamp) for each in collapse_violations(violations)], room, _MORE)
    return "\n".join([heading, "", *lines]).rstrip() if lines else ""


def _changes(resources: tuple[ResourceChange, ...], stamp: Stamp, stack: str, room: int) -> Iterable[str]:
    """The first changes open, the others folded; then a line each, then their number, as the room allows."""
    changes = collapse_changes(resources)
    full = [open_parts.change(each, stamp, stack) for each in changes]
    sizes = list(itertools.accumulate(len(section) + 2 for section in full))
    fit = bisect.bisect_right(sizes, room)
    size = sizes[fit - 1] if fit else 0
    yield from full[: min(fit, _OPEN)]
    folds = full[_OPEN:fit]
    rest = fitting([open_parts.change_in_short(each) for each in changes[fit:]], max(room - size, room // 3), _MORE)
    if folds or rest:
        body = "\n\n".join(["\n\n".join(folds), "\n".join(rest)]).strip()
        yield folded(f"{len(changes) - min(fit, _OPEN)} more, worst risk first", body)


def _within(text: str, room: int, what: str) -> str:
    return text if len(text) <= room else f"### {what}: see the full report in the run"
