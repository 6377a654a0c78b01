"""The metrics of endpoints as a table and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from model_serving.databricks.metrics.figures import Figures
from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT
from model_serving.measures import latency_text, utc_text
from model_serving.operations.live.render import wording
from model_serving.operations.metrics.read import EndpointMetrics

_LOAD: Final = {
    "cpu": "cpu_percent",
    "memory": "memory_percent",
    "gpu": "gpu_percent",
    "gpu memory": "gpu_memory_percent",
    "concurrency": "concurrency",
}


WIDE: Final = 100
"""From this width on, the table has the columns of the load."""


def table(found: Sequence[EndpointMetrics], width: int) -> RenderableType:
    """A line for each endpoint, and one for each of its entities where it has several."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    shown.add_column("endpoint", overflow="fold", min_width=20)
    load = [heading for heading, member in _LOAD.items() if any(_has(each, member) for each in found)]
    if width < WIDE:
        load = []
    for heading in ("requests", "req/s", "4xx", "5xx", "errors", "p50", "p95", "p99", *load):
        shown.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        for name, figures in _rows(each):
            shown.add_row(name, *_cells(figures), *(_load(figures, _LOAD[heading]) for heading in load))
    return shown


def caption(found: Sequence[EndpointMetrics]) -> str:
    """What the figures are of."""
    ends = {each.sample.interval_end for each in found if each.sample and each.sample.interval_end}
    if ends:
        return f"The last full minute, to {' and '.join(wording.clock(end) for end in sorted(ends))} UTC"
    return "Counted since each endpoint was created; a rate needs a second read: --follow"


def members(each: EndpointMetrics) -> dict[str, Any]:
    """The members of an endpoint; what is not known is null."""
    sample = each.sample
    end = None if sample is None or sample.interval_end is None else sample.interval_end
    return {
        "endpoint": each.key,
        "interval_end": utc_text(end),
        "problem": each.problem or None,
        "figures": _figures(each.figures.get(WHOLE_ENDPOINT)),
        "entities": {name: _figures(figures) for name, figures in each.figures.items() if name != WHOLE_ENDPOINT},
    }


def _figures(figures: Figures | None) -> Mapping[str, Any] | None:
    return None if figures is None else asdict(figures)


def _rows(each: EndpointMetrics) -> Iterator[tuple[Text, Figures]]:
    entities = {name: figures for name, figures in each.figures.items() if name != WHOLE_ENDPOINT}
    if whole := each.figures.get(WHOLE_ENDPOINT):
        alone = f" {next(iter(entities))}" if len(entities) == 1 else ""
        yield Text.assemble((each.key, "bold"), alone), whole
    if len(entities) > 1:
        yield from ((Text(f"  {name}"), figures) for name, figures in entities.items())


def _cells(figures: Figures) -> list[Text | str]:
    return [
        str(figures.requests),
        wording.requests_per_second(figures),
        _errors(figures.errors_4xx),
        _errors(figures.errors_5xx),
        wording.error_rate(figures),
        *(latency_text(each) for each in (figures.p50_ms, figures.p95_ms, figures.p99_ms)),
    ]


def _errors(number: int) -> Text:
    return Text(str(number), style="red" if number else "dim")


def _has(each: EndpointMetrics, member: str) -> bool:
    return any(getattr(figures.load, member) is not None for figures in each.figures.values())


def _load(figures: Figures, member: str) -> str:
    value = getattr(figures.load, member)
    if value is None:
        return ""
    return f"{value:g}" if member == "concurrency" else f"{value:.0f} %"
