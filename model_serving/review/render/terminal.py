"""The report in a terminal."""

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import ResourceChange, Row
from model_serving.review.assess.sentence import Quoted, Sentence
from model_serving.review.plan.notices import Notice
from model_serving.review.render import phrases
from model_serving.review.render.collapse import CollapsedChange, collapse_changes, collapse_violations

_COLOURS = {Verdict.FINE: "green", Verdict.APPROVAL: "yellow", Verdict.FAILED: "red"}
_KEYS_SHOWN = 12
_STEPS_SHOWN = 30
_DRIFTED = "🌀 Changed outside of this project; approving restores what the stack files declare"
_HALF_UPDATED = "⏳ Applied by the last update, though it failed"


def text(reports: Sequence[Report], *, width: int | None = None, colour: bool = False) -> str:
    """All stacks' reports for a terminal that is `width` wide."""
    console = Console(file=io.StringIO(), width=width, force_terminal=colour, highlight=False, legacy_windows=False)
    with console.capture() as capture:
        for report in reports:
            console.print(_report(report))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _report(report: Report) -> RenderableType:
    blocks: list[RenderableType] = [
        Panel(
            Text("\n".join(filter(None, [phrases.counts(report), phrases.duration_warning(report)]))),
            title=_sentence(phrases.verdict(report)),
            border_style="red" if report.risk is Risk.OUTAGE else _COLOURS[report.verdict],
            title_align="left",
        )
    ]
    blocks += [Padding(_notice(each), (0, 2)) for each in report.notices]
    blocks += [Padding(Text(error, style="red"), (0, 2)) for error in report.errors]
    blocks += [Padding(Text(warning, style="yellow"), (0, 2, 1, 2)) for warning in report.warnings]
    blocks += [_violations(report)] if report.all_violations else []
    blocks += [_change(each) for each in collapse_changes(report.resources) if each.change.impacts]
    blocks += [_differences(_DRIFTED, report.drifted, "as declared")] if report.drifted else []
    blocks += [_differences(_HALF_UPDATED, report.half_updated, "before that update")] if report.half_updated else []
    blocks += [_order(report)] if report.order else []
    return Group(*blocks)


def _notice(notice: Notice) -> Text:
    place = f" ({phrases.place(notice.place)})" if notice.place else ""
    fix = f"\n   fix: {notice.fix}" if notice.fix else ""
    return Text(f"{notice.kind.icon} {notice.text}{place}{fix}")


def _sentence(sentence: Sentence, style: str = "") -> Text:
    return Text.assemble(
        *((part.text, "bold") if isinstance(part, Quoted) else part for part in sentence.parts), style=style
    )


def _violations(report: Report) -> RenderableType:
    blocks: list[RenderableType] = []
    for collapsed in collapse_violations(report.resources, report.violations):
        first = collapsed.first
        colour = "bold red" if first.mandatory else "yellow"
        head = Text.assemble(("⛔ " if first.mandatory else "⚠ ", colour), (first.rule, colour), f" ({first.level})")
        blocks += [head, _indented(Text(first.message))]
        if len(collapsed.each) > 1:
            keys = ", ".join(resource.key for resource in collapsed.resources[1:])
            blocks.append(_indented(Text(f"The same rule: {keys}", style="dim")))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _indented(block: RenderableType, *, gap: bool = False) -> RenderableType:
    return Padding(block, (1 if gap else 0, 0, 0, 3))


def _change(collapsed: CollapsedChange) -> RenderableType:
    change, keys = collapsed.change, collapsed.keys
    headline = _sentence(phrases.collapsed_headline(collapsed), style="bold")
    blocks: list[RenderableType] = [Text.assemble(phrases.icon(change), " ", headline)]
    if len(keys) > 1:
        more = f" and {len(keys) - _KEYS_SHOWN} more" if len(keys) > _KEYS_SHOWN else ""
        blocks.append(_indented(Text(", ".join(keys[:_KEYS_SHOWN]) + more, style="dim")))
    blocks.append(_indented(_impacts(change)))
    if change.rows:
        blocks.append(_indented(_table(change.rows, "before", "after"), gap=True))
    if change.shares:
        blocks.append(_indented(_traffic(change), gap=True))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _impacts(change: ResourceChange) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for each in change.impacts:
        table.add_row(Text(each.risk, style=each.risk.style), _sentence(each.what))
        if each.why:
            table.add_row("", _sentence(each.why, style="dim"))
    return table


def _table(rows: tuple[Row, ...], before: str, after: str) -> Table:
    shown = phrases.columns(rows, before, after)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("", *(heading for heading, _ in shown)):
        table.add_column(heading, overflow="fold")
    for n, row in enumerate(rows):
        table.add_row(Text(row.label, style="dim"), *(Text(cells[n]) for _, cells in shown))
    return table


def _traffic(change: ResourceChange) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for share, drawn in zip(change.shares, phrases.bars(change.shares), strict=True):
        table.add_row(share.entity, Text(share.serves, style="dim"), *drawn)
    return table


def _differences(heading: str, changes: tuple[ResourceChange, ...], before: str) -> RenderableType:
    blocks: list[RenderableType] = [Text(heading, style="bold")]
    for each in changes:
        blocks.append(_indented(_sentence(phrases.named(each)).append(" was removed" if each.gone else "")))
        if each.drift:
            blocks.append(_indented(_table(each.drift, before, "in the workspace")))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _order(report: Report) -> RenderableType:
    steps = [Text.assemble(f"{n:>4}. ", _sentence(write.text)) for n, write in enumerate(report.order, 1)]
    shown = steps[:_STEPS_SHOWN]
    if len(steps) > _STEPS_SHOWN:
        shown.append(Text(f"      and {phrases.number(len(steps) - _STEPS_SHOWN, 'more step')}", style="dim"))
    return Padding(Group(Text(phrases.order_heading(report), style="bold"), *shown), (0, 2, 1, 2))
