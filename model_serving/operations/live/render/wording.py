"""The words and colors of a status, the same in every view."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal

from rich.text import Text

from model_serving.databricks.metrics.figures import Figures
from model_serving.measures import elapsed_text, latency_text, percent_text
from model_serving.operations.live.status import Deployment, EndpointStatus, EntityStatus, State

_MARKS: Final = {
    State.READY: ("●", "green"),
    State.SCALED_TO_ZERO: ("○", "green"),
    State.UPDATING: ("◐", "yellow"),
    State.STOPPED: ("■", "magenta"),
    State.FAILED: ("✗", "bold red"),
    State.NOT_READY: ("✗", "bold red"),
    State.MISSING: ("✗", "bold red"),
    State.NOT_DEPLOYED: ("·", "dim"),
    State.UNREADABLE: ("?", "bold yellow"),
}
_SMALL: Final = 10


def mark(state: State) -> Text:
    """The sign of a state, in its color."""
    return Text(*_MARKS[state])


def style(state: State) -> str:
    """The color of a state's words."""
    return _MARKS[state][1]


def state_words(status: EndpointStatus, now: float) -> str:
    """A state in words, with how long an update has taken."""
    words = status.state.value.replace("_", " ")
    return f"{words} {elapsed_text(now - status.since)}" if status.since else words


def clock(time: float) -> str:
    """A time of the day in UTC."""
    return f"{datetime.fromtimestamp(time, UTC):%H:%M:%S}"


def version(entity: EntityStatus) -> str:
    """The version that serves, and the one that an update replaces it with: `v7`, `v7 → v8`, `new v8`."""
    now, then = _version(entity.active), _version(entity.pending)
    if not entity.pending or (entity.active and now == then):
        return now
    if not _is_coming(entity):
        return f"{now} ({then or 'update'} failed)".strip()
    return f"{now} → {then}" if entity.active else f"new {then}".strip()


def _version(deployment: Deployment | None) -> str:
    return f"v{deployment.version}" if deployment and deployment.version else ""


def _is_coming(entity: EntityStatus) -> bool:
    """Whether an update of the entity is in progress, and has not ended without success."""
    return entity.pending is not None and entity.pending.state not in ("failed", "aborted")


def traffic(entity: EntityStatus) -> str:
    """The live share, and the one after the update: `95 %`, `95 → 50 %`."""
    now, then = entity.traffic, entity.pending_traffic
    if not _is_coming(entity) or then is None or now == then:
        return "" if now is None else f"{now} %"
    return f"{then} %" if now is None else f"{now} → {then} %"


def serves(status: EndpointStatus, entity: EntityStatus) -> str:
    """An entity with its version and, where there are several, its share: `challenger v8 → v9 5 %`."""
    share = "" if len(status.entities) == 1 else traffic(entity)
    return " ".join(filter(None, (entity.name, version(entity), share)))


def requests_per_second(figures: Figures | None) -> str:
    """`0`, `0.05`, `3.2` or `120`; empty if it is not known."""
    if figures is None or (figures.requests and figures.requests_per_second is None):
        return ""
    rate = figures.requests_per_second
    if not rate:
        return "0"
    return f"{rate:.2f}" if rate < 1 else f"{rate:.1f}" if rate < _SMALL else f"{rate:.0f}"


def error_rate(figures: Figures | None) -> Text:
    """The part of the requests that failed; empty without requests."""
    if figures is None or figures.error_rate is None:
        return Text("")
    rate = figures.error_rate
    if not rate:
        return Text("0 %", style="dim")
    return Text(percent_text(rate), style="red")


def latency(figures: Figures | None, percentile: Literal["p50_ms", "p95_ms"]) -> str:
    """`38 ms` or `1.2 s`; empty if it is not known."""
    return latency_text(getattr(figures, percentile, None))


def problems(status: EndpointStatus, *, with_logs: bool = True) -> Iterator[Text]:
    """What somebody has to know about an endpoint: why it fails, by entity, and how it differs from the stack files."""
    if status.state is State.STOPPED and status.is_good:
        yield Text(f"{status.reason}, as declared", style="dim")
    elif status.reason:
        yield Text(status.reason, style="" if status.state is State.NOT_DEPLOYED else "red")
    for entity, deployment in _broken(status):
        yield Text(f"{entity.name} ({deployment}) {deployment.state}: {deployment.message or 'no reason given'}")
        yield from (Text(f"  {line}", style="dim") for line in entity.log if with_logs)
    if status.drift:
        yield Text(f"differs from the stack files: {'; '.join(status.drift)}", style="yellow")
    if not status.is_declared:
        yield Text("the stack files do not declare it any more", style="yellow")


def _broken(status: EndpointStatus) -> list[tuple[EntityStatus, Deployment]]:
    """The entities that failed; those that were aborted with them only if none failed."""
    if status.state is State.STOPPED:
        return []
    both = [(entity, each) for entity in status.entities for each in (entity.pending, entity.active) if each]
    failed = [pair for pair in both if pair[1].state == "failed"]
    return failed or [pair for pair in both if pair[1].state == "aborted"]
