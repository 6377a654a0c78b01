"""The phrases and shapes that every format shares: verdict, counts, headlines, tables and bars."""

from collections.abc import Sequence

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import Action, ResourceChange, Row
from model_serving.review.assess.sentence import Part, Sentence, joined, quoted, sentence
from model_serving.review.assess.served_entities import Share
from model_serving.review.render.collapse import CollapsedChange
from model_serving.spec.diagnostics import Location

_NAMED = 3
"""At most so many resources are named in the verdict."""
_BAR = 20


def verdict(report: Report) -> Sentence:
    """The first line: whether approving is safe, in one sentence."""
    return sentence(f"{report.stack or 'This stack'}: ", _verdict(report))


def _verdict(report: Report) -> Part:
    if report.refused:
        rules = sorted({each.rule for each in report.all_violations if each.mandatory})
        return sentence("refused by policy (", joined(map(quoted, rules)), ")")
    if report.verdict is Verdict.FAILED:
        return "the preview failed, so nothing can be deployed"
    if report.risk is None:
        return _verdict_without_risk(report)
    if all(each.action is Action.CREATE and not each.gone for each in report.resources):
        return "everything is new, no existing resource changes"
    return sentence(f"this change {report.risk.verdict} (", _affected(report, report.risk), ")")


def _verdict_without_risk(report: Report) -> str:
    if report.drifted:
        return "changed outside of this project"
    return "no changes, but the last update failed" if report.half_updated else "no changes"


def _affected(report: Report, risk: Risk) -> Part:
    keys = [each.key for each in report.resources if each.risk is risk]
    return joined(map(quoted, keys)) if len(keys) <= _NAMED else f"{len(keys)} resources"


def counts(report: Report) -> str:
    """`1 endpoint replaced, 2 updated · 1 service principal created · 11 unchanged`."""
    parts = []
    for kind in dict.fromkeys(["endpoint", "service principal", *sorted({each.kind for each in report.resources})]):
        done = [(report.count(action, kind), action.done) for action in Action if action is not Action.NONE]
        done = [(count, word) for count, word in done if count]
        if done:
            (count, word), *more = done
            parts.append(", ".join([f"{number(count, kind)} {word}", *(f"{count} {word}" for count, word in more)]))
    # If the preview ended early, chance decides what it got to.
    if report.unchanged and not report.errors:
        parts.append(f"{report.unchanged} unchanged")
    return " · ".join(parts) or ("the changes are not known" if report.errors else "nothing is declared")


RATE, RATE_MINUTES = 50, 5
"""Databricks accepts so many endpoint creations and config updates in so many minutes (model serving limits)."""


def duration_warning(report: Report) -> str:
    """A warning if there are more changes than the workspace accepts at once, else empty."""
    changes = sum(write.configures_endpoint for write in report.order)
    if changes <= RATE:
        return ""
    minutes = (changes - 1) // RATE * RATE_MINUTES
    return (
        f"{changes} endpoints are created or updated; Databricks accepts {RATE} in {RATE_MINUTES} minutes, "
        f"so this takes at least {minutes} minutes"
    )


def headline(change: ResourceChange) -> Sentence:
    """`endpoint fraud-scorer replaced`."""
    return sentence(named(change), f" {change.action.done}")


def named(change: ResourceChange) -> Sentence:
    """`endpoint fraud-scorer`."""
    return sentence(f"{change.kind} ", quoted(change.key))


def place(location: Location) -> str:
    """`stacks/base.yaml:8`."""
    return f"{location.file}:{location.line}"


def collapsed_headline(collapsed: CollapsedChange) -> Sentence:
    """`3 endpoints updated identically`; the headline of the resource if it is the only one."""
    change, count = collapsed.change, len(collapsed.keys)
    if count == 1:
        return headline(change)
    return sentence(f"{number(count, change.kind)} {change.action.done} identically")


def icon(change: ResourceChange) -> str:
    """The sign of the worst risk."""
    return change.risk.icon if change.risk else "•"


def order_heading(report: Report) -> str:
    """The heading of the steps: what approving does, or what is refused."""
    return "What it would do, in order" if report.verdict is Verdict.FAILED else "What approving does, in order"


def number(count: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def columns(rows: Sequence[Row], before: str, after: str) -> list[tuple[str, list[str]]]:
    """The columns of a before-and-after table under their headings, without empty ones."""
    sides = [(before, [row.before for row in rows]), (after, [row.after for row in rows])]
    return [(heading, cells) for heading, cells in sides if any(cells)]


def bars(shares: Sequence[Share]) -> list[tuple[str, ...]]:
    """The bars of each share: before and after, or only one if all traffic is new or removed."""
    if any(share.before is not None for share in shares) and any(share.after is not None for share in shares):
        return [(_bar(share.before), "→", _bar(share.after)) for share in shares]
    return [(_bar(share.after if share.after is not None else share.before),) for share in shares]


def _bar(percentage: int | None) -> str:
    """A percentage as a bar. Neither 1 % nor 99 % is rounded away."""
    if percentage is None:
        return f"{'':{_BAR}}   - "
    full = min(max(round(percentage * _BAR / 100), percentage > 0), _BAR - (percentage < 100))  # noqa: PLR2004
    return f"{'█' * full}{'░' * (_BAR - full)} {percentage:>3} %"
