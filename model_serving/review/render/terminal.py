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
from model_serving.review.assess.resource_change import Row, Subject
from model_serving.review.assess.sentence import parts, quoted
from model_serving.review.render.collapse import Several, alike, said
from model_serving.review.render.markdown_parts import ICONS, bar
from model_serving.review.render.phrases import order_heading, pace, several, tally, verdict

_COLOURS = {Verdict.FINE: "green", Verdict.APPROVAL: "yellow", Verdict.FAILED: "red"}
_RISKS = {
    Risk.OUTAGE: "bold red",
    Risk.INTERFACE: "red",
    Risk.LOST: "magenta",
    Risk.PROTECTION: "yellow",
    Risk.ACCESS: "yellow",
    Risk.BEHAVIOUR: "cyan",
    Risk.COST: "blue",
    Risk.COSMETIC: "dim",
}
_KEYS_SHOWN = 12


def text(reports: Sequence[Report], *, width: int | None = None, colour: bool = False) -> str:
    """All stacks' reports for a terminal that is `width` wide."""
    console = Console(file=io.StringIO(), width=width, force_terminal=colour, highlight=False, legacy_windows=False)
    with console.capture() as capture:
        for report in reports:
            console.print(_report(report))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _report(report: Report) -> RenderableType:
    colour = "red" if report.risk is Risk.OUTAGE else _COLOURS[report.verdict]
    blocks: list[RenderableType] = [
        Panel(
            Text("\n".join(filter(None, [tally(report), pace(report)]))),
            title=_sentence(verdict(report)),
            border_style=colour,
            title_align="left",
        )
    ]
    blocks += [Padding(Text(error, style="red"), (0, 2)) for error in report.errors]
    blocks += [Padding(Text(warning, style="yellow"), (0, 2, 1, 2)) for warning in report.warnings]
    blocks += [_violations(report)] if report.all_violations else []
    blocks += [_subject(each) for each in alike(report.subjects) if each.subject.findings]
    blocks += [_drift(_OUTSIDE, report.drifted, "as declared")] if report.drifted else []
    blocks += [_drift(_HALF, report.half_arrived, "before that update")] if report.half_arrived else []
    blocks += [_order(report)] if report.order else []
    return Group(*blocks)


def _sentence(sentence: str, style: str = "") -> Text:
    found = Text(style=style)
    for is_quoted, part in parts(sentence):
        found.append(part, style="bold" if is_quoted else "")
    return found


def _violations(report: Report) -> RenderableType:
    blocks: list[RenderableType] = []
    told = [(each.violation, [subject.key for subject in each.subjects]) for each in said(report.subjects)]
    for each, keys in [*told, *((violation, []) for violation in report.violations)]:
        colour = "bold red" if each.mandatory else "yellow"
        head = Text.assemble(("⛔ " if each.mandatory else "⚠ ", colour), (each.rule, colour), f" ({each.level})")
        blocks += [head, Padding(Text(each.message), (0, 0, 0, 3))]
        if len(keys) > 1:
            blocks.append(Padding(Text(f"The same of {len(keys) - 1} more", style="dim"), (0, 0, 0, 3)))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _subject(each: Several) -> RenderableType:
    this = each.subject
    head = Text.assemble(
        ICONS[this.risk] if this.risk else "•", " ", _sentence(several(this, len(each.keys)), style="bold")
    )
    blocks: list[RenderableType] = [head]
    if len(each.keys) > 1:
        more = f" and {len(each.keys) - _KEYS_SHOWN} more" if len(each.keys) > _KEYS_SHOWN else ""
        blocks.append(Padding(Text(", ".join(each.keys[:_KEYS_SHOWN]) + more, style="dim"), (0, 0, 0, 3)))
    blocks.append(Padding(_findings(this), (0, 0, 0, 3)))
    if this.rows:
        blocks.append(Padding(_table(this.rows, "before", "after"), (1, 0, 0, 3)))
    if this.shares:
        blocks.append(Padding(_traffic(this), (1, 0, 0, 3)))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _findings(subject: Subject) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for finding in subject.findings:
        table.add_row(Text(finding.risk, style=_RISKS[finding.risk]), _sentence(finding.what))
        if finding.why:
            table.add_row("", _sentence(finding.why, style="dim"))
    return table


def _table(rows: tuple[Row, ...], before: str, after: str) -> Table:
    """Before and after; a side on which nothing stands is left out."""
    sides = [(before, [row.before for row in rows]), (after, [row.after for row in rows])]
    told = [(heading, cells) for heading, cells in sides if any(cells)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("", *(heading for heading, _ in told)):
        table.add_column(heading, overflow="fold")
    for n, row in enumerate(rows):
        table.add_row(Text(row.label, style="dim"), *(Text(cells[n]) for _, cells in told))
    return table


def _traffic(subject: Subject) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    both = any(share.before is not None for share in subject.shares)
    both = both and any(share.after is not None for share in subject.shares)
    for share in subject.shares:
        only = share.after if share.after is not None else share.before
        bars = (bar(share.before), "→", bar(share.after)) if both else (bar(only),)
        table.add_row(share.entity, Text(share.serves, style="dim"), *bars)
    return table


_OUTSIDE = "🌀 Changed outside of this project; approving puts it back"
_HALF = "⏳ Arrived with the last update, though that ended in an error"


def _drift(heading: str, subjects: tuple[Subject, ...], before: str) -> RenderableType:
    blocks: list[RenderableType] = [Text(heading, style="bold")]
    for each in subjects:
        what = " was removed" if each.gone else ""
        blocks.append(Padding(_sentence(f"{each.kind} {quoted(each.key)}{what}"), (0, 0, 0, 3)))
        if each.drift:
            blocks.append(Padding(_table(each.drift, before, "as found"), (0, 0, 0, 3)))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _order(report: Report) -> RenderableType:
    steps = report.order
    shown = [Text.assemble(f"{number:>4}. ", _sentence(step)) for number, step in enumerate(steps[:_ORDER_SHOWN], 1)]
    if len(steps) > _ORDER_SHOWN:
        shown.append(Text(f"      and {len(steps) - _ORDER_SHOWN} steps more", style="dim"))
    return Padding(Group(Text(order_heading(report), style="bold"), *shown), (0, 2, 1, 2))


_ORDER_SHOWN = 30
