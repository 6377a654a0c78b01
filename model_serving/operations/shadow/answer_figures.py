"""Latency and errors of the answers of one side."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_PERCENTILES: Final = 100


@dataclass(frozen=True)
class AnswerFigures:
    """The answers of one side. Times are in milliseconds, None where nothing was answered well."""

    requests: int
    errors: Mapping[str, int] = field(default_factory=dict)
    """Numbers of failed requests, by HTTP status or `no answer`."""
    mean_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None

    @property
    def failed(self) -> int:
        """The number of failed requests."""
        return sum(self.errors.values())

    @property
    def error_rate(self) -> float:
        """The fraction of requests that failed; 0 without requests."""
        return self.failed / self.requests if self.requests else 0.0


def figures_of(times: Sequence[float], errors: Iterable[str]) -> AnswerFigures:
    """The figures of answers, from the times of the good ones in milliseconds and the causes of the others."""
    failed = Counter(errors)
    requests = len(times) + failed.total()
    if not times:
        return AnswerFigures(requests, dict(failed))
    return AnswerFigures(
        requests,
        dict(failed),
        statistics.fmean(times),
        percentile(times, 50),
        percentile(times, 95),
        percentile(times, 99),
        max(times),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which that percentage lies, interpolated. Raises ValueError without values."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=_PERCENTILES, method="inclusive")[percent - 1]
