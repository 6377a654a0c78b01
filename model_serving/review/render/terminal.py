"""The report in a terminal: the same parts as the comment, in the same order."""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from model_serving.review.assess.causes import Cause, CauseKind
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import ResourceChange, Row
from model_serving.review.assess.rollout_plan import RolloutPlan
from model_serving.review.assess.sentence import Quoted, Sentence
from model_serving.review.plan.notices import Notice
from model_serving.review.render import cost_text, migration_words, phrases, summary
from model_serving.review.render import rollout_words as words
from model_serving.review.render.collapse import CollapsedChange, collapse_changes, collapse_violations
from model_serving.spec.diagnostics import Location

_COLOURS = {Verdict.FINE: "green", Verdict.APPROVAL: "yellow", Verdict.FAILED: "red"}
_KEYS_SHOWN = 12
_STEPS_SHOWN = 30
_DRIFTED = "🌀 Changed outside of this project; deploying overwrites it"
_HALF_UPDATED = "⏳ Applied by the last update, though it failed"


def text(reports: Sequence[Report], *, width: int | None = None, colour: bool = False) -> str:
    """All stacks' reports for a terminal that is `width` wide."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        for report in reports:
            console.print(_report(report))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _report(report: Report) -> RenderableType:
    blocks: list[RenderableType] = [_notice(each) for each in report.notices if each.kind.is_first]
    blocks.append(
        Panel(
            Text("\n".join(filter(None, [summary.counts(report), summary.duration_warning(report)]))),
            title=_sentence(summary.verdict(report)),
            border_style="red" if report.risk is Risk.OUTAGE else _COLOURS[report.verdict],
            title_align="left",
        )
    )
    blocks += [_cause(each) for each in report.causes]
    blocks += [_notice(each) for each in report.notices if not each.kind.is_first]
    blocks += [Padding(Text(warning, style="yellow"), (0, 2, 1, 2)) for warning in report.warnings]
    refused = {cause.owner for cause in report.causes if cause.kind.refuses}
    blocks += [
        _change(each, report.stack)
        for each in collapse_changes(report.resources)
        if each.change.impacts and (each.change.kind, each.change.key) not in refused
    ]
    blocks += [_advice(report)] if report.advice else []
    blocks += [_cost(report)] if report.cost else []
    blocks += [_differences(_DRIFTED, report.drifted, "declared")] if report.drifted else []
    blocks += [_differences(_HALF_UPDATED, report.half_updated, "before that update")] if report.half_updated else []
    blocks += [_order(report)] if report.order else []
    blocks += [Padding(_sentence(back), (0, 2))] if (back := summary.rollback(report)) else []
    blocks += [Padding(Text(line, style="dim"), (0, 2)) for line in _stamp(report)]
    return Group(*blocks)


def _cause(cause: Cause) -> RenderableType:
    """What is wrong, where, and the fixes on lines of their own."""
    rules = f" ({', '.join(cause.rules)})" if cause.kind is CauseKind.POLICY else ""
    message = (cause.message.removesuffix(":"), "bold")
    lines: list[RenderableType] = [Text.assemble(("⛔ ", "bold red"), message, rules, _place(cause.place))]
    lines += [_indented(Text(line.strip())) for line in cause.details.splitlines()]
    lines += _fixes(cause.fixes)
    return Padding(Group(*lines), (0, 2, 1, 2))


def _notice(notice: Notice) -> RenderableType:
    head = Text.assemble(f"{notice.kind.icon} {notice.text}", _place(notice.place))
    return Padding(Group(head, *_fixes((notice.fix,) if notice.fix else ())), (0, 2, 1, 2))


def _fixes(fixes: Sequence[str]) -> list[RenderableType]:
    return [_indented(Text.assemble(("or: " if n else "fix: ", "green"), fix)) for n, fix in enumerate(fixes)]


def _place(place: Location | None) -> tuple[str, str]:
    return (f" · {phrases.place(place)}" if place else "", "dim")


def _sentence(sentence: Sentence, style: str = "") -> Text:
    return Text.assemble(
        *((part.text, "bold") if isinstance(part, Quoted) else part for part in sentence.parts), style=style
    )


def _advice(report: Report) -> RenderableType:
    blocks: list[RenderableType] = []
    for collapsed in collapse_violations(report.advice):
        first = collapsed.first
        blocks.append(Text.assemble(("⚠ ", "yellow"), first.message, f" ({first.rule})", _place(first.place)))
        blocks += _fixes(first.fixes)
        if len(collapsed.each) > 1:
            blocks.append(_indented(Text(f"The same rule: {_few(collapsed.keys[1:])}", style="dim")))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _cost(report: Report) -> RenderableType:
    lines = [*cost_text.changes(report.cost), *map(cost_text.capacity, report.cost.capacities)]
    lines += cost_text.unread(report.cost)
    blocks: list[RenderableType] = [Text(cost_text.HEADING, style="bold")]
    blocks += [_indented(_sentence(each)) for each in lines[:_STEPS_SHOWN]]
    if len(lines) > _STEPS_SHOWN:
        blocks.append(_indented(Text(f"and {len(lines) - _STEPS_SHOWN} more", style="dim")))
    blocks += [_indented(Text(cost_text.origin(report.cost), style="dim"))] if report.cost.endpoints else []
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _few(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _KEYS_SHOWN} more" if len(keys) > _KEYS_SHOWN else ""
    return ", ".join(keys[:_KEYS_SHOWN]) + more


def _indented(block: RenderableType, *, gap: bool = False) -> RenderableType:
    return Padding(block, (1 if gap else 0, 0, 0, 3))


def _change(collapsed: CollapsedChange, stack: str) -> RenderableType:
    change, keys = collapsed.change, collapsed.keys
    headline = _sentence(phrases.collapsed_headline(collapsed), style="bold")
    place = _place(change.place if len(keys) == 1 else None)
    blocks: list[RenderableType] = [Text.assemble(phrases.icon(change), " ", headline, place)]
    if len(keys) > 1:
        blocks.append(_indented(Text(_few(keys), style="dim")))
    blocks.append(_indented(_impacts(change)))
    blocks += [_indented(Text(f"alias moved: {each.message}")) for each in change.moved_aliases]
    if served := list(phrases.served(change)):
        blocks.append(_indented(Group(*map(_sentence, served))))
    if any(each.of_shares for each in change.impacts):
        blocks.append(_indented(_traffic(change), gap=True))
    if change.rollout:
        blocks.append(_indented(_rollout(change.rollout), gap=True))
    blocks += [_indented(each) for each in _migration(change, stack, alone=len(keys) == 1)]
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _migration(change: ResourceChange, stack: str, *, alone: bool) -> Iterator[Text]:
    for role, name, url in migration_words.endpoints(change) if alone else ():
        yield Text.assemble(f"{role} ", (name, "bold"), f": {url}")
    for row in change.compared:
        yield Text(f"differs: {row.label}: {row.before or 'not set'} → {row.after or 'not set'}")
    if following := migration_words.next_step(change, stack, alone=alone):
        yield Text.assemble(("next: ", "green"), _sentence(following))


def _impacts(change: ResourceChange) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for each in change.impacts:
        what = Text("Traffic moves") if each.of_shares else _sentence(each.what)
        table.add_row(Text(each.risk, style=each.risk.style), what)
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


def _rollout(plan: RolloutPlan) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("", *plan.moving):
        table.add_column(heading, justify="right" if heading else "left", overflow="fold")
    for name, step in words.rows(plan):
        table.add_row(Text(name, style="dim"), *(f"{step.percentages.get(entity, 0)} %" for entity in plan.moving))
    lines = [_indented(_sentence(each)) for each in words.conditions(plan)]
    return Group(_sentence(words.title(plan)), *lines, Padding(table, (1, 0, 0, 3)))


def _differences(heading: str, changes: tuple[ResourceChange, ...], before: str) -> RenderableType:
    blocks: list[RenderableType] = [Text(heading, style="bold")]
    for each in changes:
        blocks.append(_indented(_sentence(phrases.named(each)).append(" was deleted" if each.gone else "")))
        if each.drift:
            blocks.append(_indented(_table(each.drift, before, "in the workspace")))
    return Padding(Group(*blocks), (0, 2, 1, 2))


def _order(report: Report) -> RenderableType:
    steps = [Text.assemble(f"{n:>4}. ", _sentence(text)) for n, text in enumerate(phrases.steps(report), 1)]
    shown = steps[:_STEPS_SHOWN]
    if len(steps) > _STEPS_SHOWN:
        shown.append(Text(f"      and {phrases.number(len(steps) - _STEPS_SHOWN, 'more step')}", style="dim"))
    return Padding(Group(Text(phrases.order_heading(report), style="bold"), *shown), (0, 2, 1, 2))


def _stamp(report: Report) -> Iterator[str]:
    """What was reviewed, then the digest on a line of its own: it is copied."""
    yield " · ".join(map(str, phrases.reviewed(report)))
    if report.digest:
        yield f"digest {report.digest}"
    if report.stamp.run:
        yield f"run {report.stamp.run}"
