"""The table of a stack's endpoints, with what somebody has to act on below it."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from model_serving.operations.live.extras import EXTRAS
from model_serving.operations.live.render import wording
from model_serving.operations.live.status import EndpointStatus, EntityStatus, StackStatus

_MOST_ENTITIES = 6
"""How many entities of an endpoint have a line in the table."""

WIDE = 110
"""From this width on, the table has the columns of money and capacity, and p50."""


def table_view(status: StackStatus, width: int, now: float) -> RenderableType:
    """The status of several endpoints."""
    if not status.endpoints:
        return Group(Text("This stack has no endpoints"), *footer(status))
    parts: list[RenderableType] = [_table(status, width, now)]
    if attention := [*_attention(status)]:
        parts += [Text(), _grid(attention)]
    parts += [Text(), *footer(status)]
    return Group(*parts)


def footer(status: StackStatus) -> Iterator[RenderableType]:
    """The counts, the time and the window of the figures, and what was not read."""
    for note in status.notes:
        first, _, rest = note.partition("\n")
        yield Text.assemble(("note: ", "yellow"), first)
        if rest:
            yield Padding(Text(rest, style="dim"), (0, 0, 0, 6))
    counts = Counter(each.state.value.replace("_", " ") for each in status.endpoints)
    words = ", ".join(f"{number} {state}" for state, number in counts.items())
    window = next(
        (each.traffic.window_end for each in status.endpoints if each.traffic and each.traffic.window_end), None
    )
    figures = f" · figures of the minute to {wording.clock(window)}" if window else ""
    for each in EXTRAS:
        if each.column and each.name in status.totals:
            yield Text(f"{each.name} of all endpoints: {each.column(status.totals[each.name])}", style="dim")
    yield Text(f"{words or 'no endpoints'}{figures}", style="dim")
    yield Text(f"{status.stack} at {status.host} · {wording.clock(status.time)} UTC", style="dim")


def _table(status: StackStatus, width: int, now: float) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    columns = [each for each in EXTRAS if each.column and _has(status, each.name)] if width >= WIDE else []
    table.add_column("")
    table.add_column("endpoint", overflow="fold", min_width=8)
    table.add_column("state", no_wrap=True)
    table.add_column("serves", overflow="fold", min_width=12)
    for heading in ("req/s", "errors", *(("p50",) if width >= WIDE else ()), "p95"):
        table.add_column(heading, justify="right", no_wrap=True)
    for extra in columns:
        table.add_column(extra.name.replace("_", " "), justify="right", overflow="fold")
    for each in status.endpoints:
        whole = each.traffic.whole if each.traffic else None
        table.add_row(
            wording.mark(each.state),
            Text(each.key, style="bold"),
            Text(wording.state_words(each, now), style=wording.style(each.state)),
            _serves(each),
            wording.requests_per_second(whole),
            wording.error_rate(whole),
            *((wording.latency(whole, "p50_ms"),) if width >= WIDE else ()),
            wording.latency(whole, "p95_ms"),
            *(_cell(each, extra.name) for extra in columns),
        )
    return table


def _has(status: StackStatus, extra: str) -> bool:
    return any(extra in each.extras for each in status.endpoints)


def _cell(status: EndpointStatus, name: str) -> str:
    extra = next(each for each in EXTRAS if each.name == name)
    return extra.column(status.extras[name]) if extra.column and name in status.extras else ""


def _serves(status: EndpointStatus) -> Text:
    """The entities with version and share, those with traffic first; a lone one without its share."""
    entities = sorted(status.entities, key=lambda each: not (each.traffic or each.pending_traffic))
    lines = [Text(wording.serves(status, each), style=_weight(each)) for each in entities[:_MOST_ENTITIES]]
    if len(entities) > _MOST_ENTITIES:
        lines.append(Text(f"and {len(entities) - _MOST_ENTITIES} more", style="dim"))
    return Text("\n").join(lines)


def _weight(entity: EntityStatus) -> str:
    """An entity without traffic, now and after the update, is dim."""
    return "" if entity.traffic != 0 or entity.pending_traffic else "dim"


def _attention(status: StackStatus) -> Iterator[tuple[Text, Text]]:
    for each in status.endpoints:
        lines = [*map(Text, _notices(each)), *wording.problems(each)]
        for number, line in enumerate(lines):
            yield Text("" if number else each.key, style="bold"), line


def _notices(status: EndpointStatus) -> Iterator[str]:
    for extra in EXTRAS:
        if extra.notice and extra.name in status.extras and (notice := extra.notice(status.extras[extra.name])):
            yield notice


def _grid(rows: list[tuple[Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid
