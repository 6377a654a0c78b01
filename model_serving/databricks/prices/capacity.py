"""How many requests an endpoint serves at once (Little's law), against what is provisioned for each served entity."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model_serving.databricks.metrics.figures import Figures
from model_serving.databricks.prices.cost import Size


@dataclass(frozen=True)
class Demand:
    """What callers send to an endpoint: requests a second, and the time that each takes, in milliseconds."""

    requests_per_second: float
    milliseconds: float
    measured: bool = False
    """Whether it is from the endpoint's metrics instead of a stack file."""

    @property
    def concurrency(self) -> float:
        """Requests in progress at one time on average. Source: Little's law, L = λ W."""
        return self.requests_per_second * self.milliseconds / 1000


def measured_demand(figures: Figures) -> Demand | None:
    """The load that an endpoint's own metrics show; None without requests, or where they don't show it."""
    if not figures.requests_per_second or figures.mean_ms is None:
        return None
    return Demand(figures.requests_per_second, figures.mean_ms, measured=True)


@dataclass(frozen=True)
class Capacity:
    """The concurrent requests that one served entity needs, and those that it has."""

    entity: str
    share: int
    """Its percentage of the traffic."""
    needed: float
    """By that share."""
    needed_alone: float
    """If all traffic moved to it, as a rollback does."""
    provisioned: int | None
    """At most; None if it is not known."""

    @property
    def is_short(self) -> bool:
        """Whether it has less than its share needs."""
        return self.provisioned is not None and math.ceil(self.needed) > self.provisioned

    @property
    def is_short_alone(self) -> bool:
        """Whether it has less than all traffic would need."""
        return self.provisioned is not None and math.ceil(self.needed_alone) > self.provisioned


def capacities(demand: Demand, sizes: Mapping[str, Size], shares: Mapping[str, int]) -> Iterator[Capacity]:
    """The capacity of each served entity, in the order of `sizes`; those without a route have a share of 0."""
    for name, each in sizes.items():
        share = shares.get(name, 0)
        yield Capacity(name, share, demand.concurrency * share / 100, demand.concurrency, each.highest)
