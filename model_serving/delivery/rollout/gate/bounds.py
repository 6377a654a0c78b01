"""The declared bounds against the figures of a window: which are broken, and which can't be judged.

A figure counts only where it is of `requests_at_least` requests. While a bake runs it must also be more than the doing
of one request: two that failed, or so many that the slowest of them alone is not the p95.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from model_serving.databricks.metrics.figures import Figures
from model_serving.delivery.rollout.gate.result import BrokenBound
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.measures import exact_latency_text, percent_text
from model_serving.spec.vocabulary.rollout import Comparison, Gate

_EARLY_ERRORS: Final = 2
_EARLY_P95_REQUESTS: Final = 20
"""Of fewer requests, the p95 is the time of the slowest one, such as a cold start."""

FiguresByEntity = Mapping[str, Figures]


def broken_bounds(declared: Gate, figures: FiguresByEntity, step: BakingStep, *, early: bool) -> list[BrokenBound]:
    """Every broken bound of the entities that gain; `early` while the bake still runs."""
    found: list[BrokenBound] = []
    for entity in step.judged:
        own = figures.get(entity)
        if own is None or own.requests < declared.requests_at_least:
            continue
        judged = (*_absolute(declared, entity, own), *_compared(declared, figures, step, entity, own))
        found += [each for each in judged if not early or _is_evident(each, own)]
    return found


def unknown_figures(declared: Gate, figures: FiguresByEntity, step: BakingStep) -> list[str]:
    """A sentence for each bound that can't be judged at the end of a bake."""
    found: list[str] = []
    if not _needs_requests(declared):
        return found
    for entity in step.judged:
        own = figures.get(entity)
        if own is None or own.requests < declared.requests_at_least:
            found.append(_too_few(entity, own, declared.requests_at_least))
        elif own.p95_ms is None and (declared.p95_below or (declared.compare and declared.compare.p95_at_most)):
            found.append(f"The workspace reports no latencies of {entity}")
    compare = declared.compare
    if compare and is_compared(compare, step):
        other = figures.get(compare.against)
        if other is None or other.requests < declared.requests_at_least:
            found.append(f"{_too_few(compare.against, other, declared.requests_at_least)}, to compare with")
        elif other.p95_ms is None and compare.p95_at_most:
            found.append(f"The workspace reports no latencies of {compare.against}, to compare with")
    return found


def is_compared(compare: Comparison, step: BakingStep) -> bool:
    """Whether the entity to compare with receives traffic at this step: without any it has no figures."""
    return bool(step.split.get(compare.against, 0))


def _needs_requests(declared: Gate) -> bool:
    bounds = (declared.errors_below, declared.p95_below, declared.compare)
    return any(each is not None for each in bounds) or "requests_at_least" in declared.model_fields_set


def _too_few(entity: str, own: Figures | None, needed: int) -> str:
    answered = own.requests if own else 0
    return f"{entity} answered {_counted(answered)} since the step began, the gate needs {needed:,}"


def _absolute(declared: Gate, entity: str, own: Figures) -> Iterator[BrokenBound]:
    rate, limit = own.error_rate, declared.errors_below
    if limit is not None and rate is not None and rate >= limit:
        yield BrokenBound("errors", _errors(own), f"below {limit.text}", entity, own.requests)
    latency, slowest = own.p95_ms, declared.p95_below
    if slowest is not None and latency is not None and latency >= slowest:
        yield BrokenBound("p95", exact_latency_text(latency), f"below {slowest.text}", entity, own.requests)


def _compared(
    declared: Gate, figures: FiguresByEntity, step: BakingStep, entity: str, own: Figures
) -> Iterator[BrokenBound]:
    compare = declared.compare
    other = figures.get(compare.against) if compare and is_compared(compare, step) else None
    if compare is None or other is None or other.requests < declared.requests_at_least:
        return
    if compare.errors_at_most is not None and own.error_rate is not None:
        # Fewer than one error can't be counted: without any, the other entity counts as if it had one.
        theirs = max(1, _failed(other)) / other.requests
        if own.error_rate > compare.errors_at_most * theirs:
            bound = f"at most {compare.errors_at_most} those of {compare.against}, {_errors(other)}"
            yield BrokenBound("errors", _errors(own), bound, entity, own.requests)
    if compare.p95_at_most is not None and own.p95_ms is not None and other.p95_ms is not None:
        longest = compare.p95_at_most * other.p95_ms
        if own.p95_ms > longest:
            bound = f"at most {exact_latency_text(longest)}, {compare.p95_at_most} that of {compare.against}"
            yield BrokenBound("p95", exact_latency_text(own.p95_ms), bound, entity, own.requests)


def _is_evident(broken: BrokenBound, own: Figures) -> bool:
    if broken.figure == "errors":
        return _failed(own) >= _EARLY_ERRORS
    return own.requests >= _EARLY_P95_REQUESTS


def _failed(own: Figures) -> int:
    return own.errors_4xx + own.errors_5xx


def _errors(own: Figures) -> str:
    return f"{percent_text(own.error_rate or 0.0)} ({_failed(own):,} failed)"


def _counted(requests: int) -> str:
    return f"{requests:,} request{'' if requests == 1 else 's'}"
