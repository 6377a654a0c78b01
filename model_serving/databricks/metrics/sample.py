"""What a workspace reports of an endpoint at one moment: requests, errors and latencies, and the load, by entity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from model_serving.databricks.metrics.histogram import Histogram

INTERVAL_SECONDS: Final = 60.0
"""The service reports the requests of the last full minute. Source: Datadog's list of these metrics."""

WHOLE_ENDPOINT: Final = ""
"""Stands among the names of entities for what is not reported by entity, and for all of them together."""


@dataclass(frozen=True)
class Requests:
    """The requests that were answered, those of them with status 4xx and 5xx, and how long they took."""

    answered: float = 0.0
    errors_4xx: float = 0.0
    errors_5xx: float = 0.0
    latency: Histogram = field(default_factory=Histogram)

    def __add__(self, other: "Requests") -> "Requests":
        return Requests(
            self.answered + other.answered,
            self.errors_4xx + other.errors_4xx,
            self.errors_5xx + other.errors_5xx,
            self.latency + other.latency,
        )

    def since(self, earlier: "Requests") -> "Requests":
        """The requests after an earlier count; all of these if the count started over since."""
        if self.answered < earlier.answered or self.latency.count < earlier.latency.count:
            return self
        return Requests(
            self.answered - earlier.answered,
            max(0.0, self.errors_4xx - earlier.errors_4xx),
            max(0.0, self.errors_5xx - earlier.errors_5xx),
            self.latency - earlier.latency,
        )


@dataclass(frozen=True)
class Load:
    """The load of an entity's replicas in percent, averages of all; None where the workspace does not report it."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    gpu_percent: float | None = None
    gpu_memory_percent: float | None = None
    concurrency: float | None = None
    """How many requests at once are provisioned for."""


@dataclass(frozen=True)
class Sample:
    """What was read of an endpoint at `time`, by served entity.

    The requests are those of one interval of `seconds` that ended at `interval_end` or, if `adds_up`, all since some
    start, so that the difference of two samples is what happened between them.
    """

    endpoint: str
    time: float
    """When it was read, in seconds since 1970."""
    requests: Mapping[str, Requests] = field(default_factory=dict)
    load: Mapping[str, Load] = field(default_factory=dict)
    interval_end: float | None = None
    seconds: float | None = None
    """How long the requests were counted for; None if that is not known."""
    adds_up: bool = False
