"""The detailed view of one endpoint: every entity, its address, and what other parts add."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from model_serving.operations.live.extras import EXTRAS
from model_serving.operations.live.render import wording
from model_serving.operations.live.render.table import footer
from model_serving.operations.live.status import EndpointStatus, EntityStatus, Serves, StackStatus, State

_MOVING: Final = ("creating", "recovering")
"""States of an entity that end without anybody's help."""


def detail_view(status: StackStatus, now: float) -> RenderableType:
    """The status of a few endpoints, in full."""
    parts: list[RenderableType] = []
    for each in status.endpoints:
        parts += [*_endpoint(each, now), Text()]
    return Group(*parts, *footer(status))


def _endpoint(status: EndpointStatus, now: float) -> Iterator[RenderableType]:
    serves = "" if status.serves in (Serves.EVERYTHING, Serves.UNKNOWN) else f", serves {status.serves.value}"
    since = f" (since {wording.clock(status.since)} UTC)" if status.since else ""
    words = Text(wording.state_words(status, now) + since + serves, style=wording.style(status.state))
    yield Text.assemble(wording.mark(status.state), " ", (status.key, "bold"), "  ", words)
    if status.entities:
        yield Text()
        yield _entities(status)
    yield Text()
    yield _facts(status)


def _entities(status: EndpointStatus) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("  entity", overflow="fold", min_width=8)
    table.add_column("version", overflow="fold", min_width=7)
    table.add_column("traffic", justify="right", no_wrap=True)
    table.add_column("state", overflow="fold", min_width=7)
    for heading in ("req/s", "errors", "p50", "p95"):
        table.add_column(heading, justify="right", no_wrap=True)
    models = _models(status)
    for entity in status.entities:
        figures = status.traffic.by_entity.get(entity.name) if status.traffic else None
        table.add_row(
            _name(entity, with_model=len(models) > 1),
            wording.version(entity),
            wording.traffic(entity),
            _state(entity),
            wording.requests_per_second(figures),
            wording.error_rate(figures),
            wording.latency(figures, "p50_ms"),
            wording.latency(figures, "p95_ms"),
        )
    return table


def _models(status: EndpointStatus) -> list[str]:
    return sorted({_model(each) for each in status.entities} - {""})


def _model(entity: EntityStatus) -> str:
    deployment = entity.pending or entity.active
    return deployment.model if deployment else ""


def _name(entity: EntityStatus, *, with_model: bool) -> Text:
    """The entity's name, over its model where the endpoint has several."""
    name = Text(f"  {entity.name}")
    return name.append(f"\n  {_model(entity)}", style="dim") if with_model else name


def _state(entity: EntityStatus) -> Text:
    """The state of what serves, or of what is being deployed in its place."""
    pending, active = entity.pending, entity.active
    if pending and (active is None or pending.state in _MOVING):
        return Text(pending.state, style="yellow" if pending.state in _MOVING else "red")
    if active is None:
        return Text("")
    is_cold = active.state == "ready" and active.message.lower().startswith("scaled")
    style = "green" if active.state == "ready" else "yellow" if active.state in _MOVING else "red"
    return Text("scaled to zero" if is_cold else active.state, style=style)


def _facts(status: EndpointStatus) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in _rows(status):
        grid.add_row(f"  {name}", text)
    return grid


def _rows(status: EndpointStatus) -> Iterator[tuple[str, Text]]:
    for number, line in enumerate(wording.problems(status)):
        yield "" if number else "attention", line
    for entity in status.entities:
        if entity.pending and entity.pending.state in _MOVING and entity.pending.message:
            yield entity.name, Text(entity.pending.message)
            yield from (("", Text(f"  {line}", style="dim")) for line in entity.log)
    for name, fact in _known_facts(status).items():
        if fact:
            yield name, Text(fact)
    for extra in EXTRAS:
        if extra.name in status.extras:
            for number, text in enumerate(extra.lines(status.extras[extra.name])):
                yield "" if number else extra.name.replace("_", " "), Text(text)


def _known_facts(status: EndpointStatus) -> dict[str, str]:
    models, next_version = _models(status), status.pending_config_version
    pending = f" → {next_version}" if next_version and status.state is State.UPDATING else ""
    return {
        "model": models[0] if len(models) == 1 else "",
        "URL": status.url,
        "route optimized": "yes: the URL accepts OAuth tokens only" if status.route_optimized else "",
        "name": status.name if status.name != status.key else "",
        "id": status.id,
        "creator": status.creator,
        "config": f"version {status.config_version}{pending}" if status.config_version else "",
    }
