"""The report in a terminal: what differs, the most urgent first, then what can be done about it."""

import io
from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from model_serving.measures import latency_text
from model_serving.operations.drift.render import words
from model_serving.operations.drift.render.blocks import Block, blocks_of, unmanaged
from model_serving.operations.drift.report import (
    Condition,
    DriftReport,
    FieldDrift,
    Orphan,
    ResourceDrift,
    WorkspaceDrift,
)

_MARKS: Final = {
    Condition.MISSING: ("✗", "bold red"),
    Condition.FAILED: ("✗", "bold red"),
    Condition.STOPPED: ("■", "magenta"),
    Condition.OTHER_STACK: ("✗", "bold red"),
    Condition.NOT_READABLE: ("?", "bold yellow"),
    Condition.NOT_DEPLOYED: ("·", "dim"),
}
_DIFFERS: Final = ("≠", "yellow")
_NAMES_SHOWN: Final = 12
_UNMANAGED_SHOWN: Final = 20
_FIELDS_SHOWN: Final = 40


def text(report: DriftReport, *, width: int, color: bool) -> str:
    """The report as lines of a terminal that is `width` wide."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(_view(report))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _view(report: DriftReport) -> RenderableType:
    several = sum(len(each.stacks) for each in report.workspaces) > 1
    parts: list[RenderableType] = []
    for each in report.workspaces:
        parts += [*_workspace(each, several=several), Text()]
    if ways := words.ways_out(report):
        parts += [_grid([(Text(f"{what}:"), Text(command, style="bold")) for what, command in ways]), Text()]
    style = {0: "green", 1: "bold yellow", 2: "yellow"}[report.exit_status]
    calls = sum(each.calls for each in report.workspaces)
    took = f" · {words.number(calls, 'request')} in {latency_text(report.seconds * 1000)}" if calls else ""
    return Group(*parts, Text.assemble((words.verdict(report), style), (took, "dim")))


def _workspace(workspace: WorkspaceDrift, *, several: bool) -> Iterator[RenderableType]:
    stacks = ", ".join(workspace.stacks)
    yield Text.assemble((stacks, "bold"), f" at {workspace.host}" if workspace.host else "")
    if workspace.resources:
        yield Text(words.summary(workspace), style="dim")
    for block in blocks_of(workspace):
        yield from (Text(), _block(block, several=several))
    if made := unmanaged(workspace):
        yield from (Text(), _unmanaged(made))
    if workspace.orphans:
        yield from (Text(), _orphans(workspace.orphans))
    if workspace.unread or workspace.notes:
        yield Text()
    for sentence in workspace.unread:
        yield _remark("not read: ", "bold yellow", sentence)
    for sentence in workspace.notes:
        yield _remark("note: ", "yellow", sentence)


def _block(block: Block, *, several: bool) -> RenderableType:
    resource, count = block.first, len(block.resources)
    mark = Text(*_MARKS.get(resource.condition, _DIFFERS))
    kind = words.kind_words(resource)
    name = resource.key or resource.name if count == 1 else words.number(count, kind)
    where = f" in {resource.stack}" if several and resource.stack else ""
    also = f" ({resource.name})" if count == 1 and resource.key and resource.name != resource.key else ""
    before = "" if count > 1 else f"{kind} "
    head = Text.assemble(
        mark, " ", before, (name, "bold"), also, where, ": ", (words.state_words(resource), mark.style)
    )
    lines: list[RenderableType] = [Text(words.few(block.names, _NAMES_SHOWN), style="dim")] if count > 1 else []
    lines += [Text(words.reason_words(resource))] if resource.reason else []
    lines += [_fields(resource.fields)] if resource.fields else []
    if count == 1:
        lines += [Text(words.trace_words(each), style="dim") for each in resource.traces]
    lines += [Text(advice, style="cyan")] if (advice := words.advice(block)) else []
    return Group(head, *(Padding(each, (0, 0, 0, 3)) for each in lines))


def _fields(fields: tuple[FieldDrift, ...]) -> RenderableType:
    rows = words.field_rows(fields)
    remarks = any(remark for *_, remark in rows)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("", words.IN_WORKSPACE, words.DECLARED, *([""] if remarks else [])):
        table.add_column(heading, overflow="fold")
    for name, live, declared, remark in rows[:_FIELDS_SHOWN]:
        table.add_row(Text(name), Text(live), Text(declared), *([Text(remark, style="dim")] if remarks else []))
    if len(fields) > _FIELDS_SHOWN:
        table.add_row(Text(f"and {words.number(len(fields) - _FIELDS_SHOWN, 'more field')}", style="dim"))
    return table


def _unmanaged(made: list[ResourceDrift]) -> RenderableType:
    head = Text.assemble(
        ("+ ", "yellow"), (words.number(len(made), "endpoint"), "bold"), " in no stack file: made by hand"
    )
    rows = [(Text(each.name), Text(f"by {each.creator}" if each.creator else "", style="dim")) for each in made]
    shown = rows[:_UNMANAGED_SHOWN]
    if len(rows) > _UNMANAGED_SHOWN:
        shown.append((Text(f"and {len(rows) - _UNMANAGED_SHOWN} more, with --json", style="dim"), Text()))
    return Group(head, Padding(_grid(shown), (0, 0, 0, 3)))


def _orphans(orphans: tuple[Orphan, ...]) -> RenderableType:
    lines: list[RenderableType] = [Text.assemble(("- ", "yellow"), (words.number(len(orphans), "leftover"), "bold"))]
    for each in orphans:
        lines.append(Padding(Text.assemble(words.orphan_words(each)), (0, 0, 0, 3)))
        if each.removal:
            lines.append(Padding(Text(each.removal, style="cyan"), (0, 0, 0, 5)))
    return Group(*lines)


def _remark(label: str, style: str, sentence: str) -> RenderableType:
    first, _, rest = sentence.partition("\n")
    head = Text.assemble((label, style), first)
    return Group(head, Padding(Text(rest, style="dim"), (0, 0, 0, 6))) if rest else head


def _grid(rows: list[tuple[Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid
