"""A histogram of latencies, as Prometheus counts them: by upper bound, each bucket with all that are faster."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True)
class Histogram:
    """Latencies in milliseconds: how many were at most each bound. The bound of the last bucket is infinite."""

    buckets: Mapping[float, float] = field(default_factory=dict)
    total_ms: float = 0.0
    """The sum of all latencies."""

    @property
    def count(self) -> float:
        """How many latencies there are."""
        return max(self.buckets.values(), default=0.0)

    def quantile(self, fraction: float) -> float | None:
        """The latency in milliseconds that this fraction of all is at or below; None without any.

        It is interpolated within its bucket, as Prometheus' histogram_quantile does it: the fewer buckets, the rougher.
        What is above the last finite bound counts as that bound. Source: Prometheus documentation, query functions.
        """
        if not self.count:
            return None
        rank, bounds = fraction * self.count, [(0.0, 0.0), *sorted(self.buckets.items())]
        for (lower, below), (upper, at_most) in pairwise(bounds):
            if at_most >= rank and at_most > below:
                return lower if math.isinf(upper) else lower + (upper - lower) * (rank - below) / (at_most - below)
        return bounds[-1][0]

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(_combined(self.buckets, other.buckets, 1), self.total_ms + other.total_ms)

    def __sub__(self, other: "Histogram") -> "Histogram":
        return Histogram(_combined(self.buckets, other.buckets, -1), self.total_ms - other.total_ms)


def _combined(one: Mapping[float, float], other: Mapping[float, float], sign: int) -> dict[float, float]:
    return {bound: one.get(bound, 0.0) + sign * other.get(bound, 0.0) for bound in sorted({*one, *other})}
