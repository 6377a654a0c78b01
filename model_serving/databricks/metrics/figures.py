"""Request rate, error rate and latency percentiles of an endpoint and of each of its entities."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT, Load, Requests, Sample


@dataclass(frozen=True)
class Figures:
    """What a window of time shows. A rate or a percentile is None where it can't be known: without requests."""

    requests: int
    seconds: float | None
    requests_per_second: float | None
    errors_4xx: int
    errors_5xx: int
    error_rate: float | None
    """The fraction of requests with status 4xx or 5xx: a version with another signature answers 400."""
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    load: Load
    mean_ms: float | None = None
    """The average latency; None where it is not reported."""


def figures(before: Sample | None, after: Sample) -> dict[str, Figures]:
    """The figures between two samples, by entity, and of the endpoint as a whole as WHOLE_ENDPOINT.

    Without `before`: of all that `after` counts, which is the last full minute for a sample of `read_sample`. Two such
    samples show the last minute if it is another one; for longer windows take both from one `Meter`.
    """
    earlier = before.requests if before else {}
    seconds = _seconds(before, after)
    new = {entity: _new(before, after, earlier.get(entity, Requests()), each) for entity, each in _counts(after)}
    load = {entity: after.load.get(entity, Load()) for entity in new}
    whole = reduce(add, new.values(), Requests())
    named = {entity: each for entity, each in new.items() if entity != WHOLE_ENDPOINT}
    return {
        **{entity: _figures(each, seconds, load[entity]) for entity, each in named.items()},
        WHOLE_ENDPOINT: _figures(whole, seconds, _whole_load(load)),
    }


def _counts(sample: Sample) -> list[tuple[str, Requests]]:
    return sorted(sample.requests.items())


def _new(before: Sample | None, after: Sample, earlier: Requests, now: Requests) -> Requests:
    if before is None:
        return now
    if after.adds_up:
        return now.since(earlier)
    return Requests() if before.interval_end == after.interval_end else now


def _seconds(before: Sample | None, after: Sample) -> float | None:
    if before is None or not after.adds_up:
        return after.seconds
    if before.seconds is None or after.seconds is None:
        return after.time - before.time
    return after.seconds - before.seconds


def _figures(new: Requests, seconds: float | None, load: Load) -> Figures:
    errors = new.errors_4xx + new.errors_5xx
    return Figures(
        requests=round(new.answered),
        seconds=seconds,
        requests_per_second=new.answered / seconds if seconds else None,
        errors_4xx=round(new.errors_4xx),
        errors_5xx=round(new.errors_5xx),
        error_rate=min(1.0, errors / new.answered) if new.answered else None,
        p50_ms=new.latency.quantile(0.50),
        p95_ms=new.latency.quantile(0.95),
        p99_ms=new.latency.quantile(0.99),
        load=load,
        mean_ms=new.latency.total_ms / new.latency.count if new.latency.count and new.latency.total_ms else None,
    )


def _whole_load(load: Mapping[str, Load]) -> Load:
    """The concurrency of all entities together. Averages of percentages of different machines mean little."""
    known = [each.concurrency for each in load.values() if each.concurrency is not None]
    alone = next(iter(load.values())) if len(load) == 1 else Load(concurrency=sum(known) if known else None)
    return load.get(WHOLE_ENDPOINT, alone)
