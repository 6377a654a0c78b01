"""The requests of an endpoint since a time, by who sent them, and what each source of them covers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Where requests were read."""

    INFERENCE_TABLE = "inference table"
    USAGE_TABLE = "usage table"
    METRICS = "metrics"


@dataclass(frozen=True)
class Requester:
    """Requests of one user or service principal. A service principal is named by its application id."""

    name: str
    """Empty where the source does not say who."""
    requests: int
    last: datetime | None
    """When the last of them came; None where the source does not say when."""


@dataclass(frozen=True)
class Reading:
    """What one source says, or the problem that kept it from being read."""

    kind: Kind
    source: str
    """`main.ml.fraud_payload`, `system.serving.endpoint_usage`, or `metrics`."""
    begin: datetime
    end: datetime
    """The source has all requests from `begin` to `end`. It may have later ones, too."""
    requesters: tuple[Requester, ...] = ()
    problem: str = ""
    """A sentence without its full stop; empty if the source was read."""

    @property
    def requests(self) -> int:
        """The requests of everybody."""
        return sum(each.requests for each in self.requesters)

    @property
    def last(self) -> datetime | None:
        """When the last request came, as far as the source says it."""
        return max((each.last for each in self.requesters if each.last), default=None)

    @property
    def names_requesters(self) -> bool:
        """Whether the source says who sent its requests."""
        return any(each.name for each in self.requesters)


@dataclass(frozen=True)
class Usage:
    """All that is known about the requests of an endpoint since a time. Sources count the same requests."""

    endpoint: str
    since: datetime
    readings: tuple[Reading, ...]

    @property
    def requests(self) -> int:
        """The requests of the source that knows most of them."""
        return max((each.requests for each in self.readings), default=0)

    @property
    def last(self) -> datetime | None:
        """When the last known request came."""
        return max((each.last for each in self.readings if each.last), default=None)

    @property
    def requesters(self) -> tuple[Requester, ...]:
        """Who sent the requests, the most first, by the source that knows most of them by name."""
        named = [each for each in self.readings if each.names_requesters]
        best = max(named or self.readings, key=lambda each: each.requests, default=None)
        return tuple(sorted(best.requesters, key=lambda each: (-each.requests, each.name))) if best else ()

    @property
    def is_quiet(self) -> bool:
        """Whether no source that could be read has a request."""
        return not self.requests

    @property
    def has_table(self) -> bool:
        """Whether a table was read: the metrics cover a minute only."""
        return any(each.kind is not Kind.METRICS and not each.problem for each in self.readings)

    @property
    def has_any(self) -> bool:
        """Whether any source was read."""
        return any(not each.problem for each in self.readings)
