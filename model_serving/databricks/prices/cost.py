"""What the served entities of an endpoint cost: pure arithmetic over sizes, the table of figures and a price per DBU.

Left out is what the figures don't have: launches after scaling to zero (a SKU of their own), discounts, networking,
tables and tax. No source names a price of route optimization, or what is billed while an endpoint is stopped: its
compute is shut down, so nothing is counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from model_serving.databricks.limits import CONCURRENCY_OF_SIZE
from model_serving.databricks.prices.table import Cloud, as_of, figure, units

HOURS_A_MONTH: Final = 730
"""Of an average month, which is what price calculators of clouds count with."""


@dataclass(frozen=True)
class Size:
    """The compute of one served entity. The concurrency is None where it is not known."""

    workload_type: str
    lowest: int | None
    """Concurrent requests that are provisioned while it serves and is idle."""
    highest: int | None
    scales_to_zero: bool = False


@dataclass(frozen=True)
class Span:
    """A figure between two bounds, both included."""

    low: Decimal
    high: Decimal

    def times(self, factor: Decimal | int) -> "Span":
        """Both bounds multiplied."""
        return Span(self.low * factor, self.high * factor)


@dataclass(frozen=True)
class PriceList:
    """What the user declares: the price of a DBU, and DBU figures of their own, which count before the table's."""

    per_dbu: Decimal | None = None
    currency: str = "USD"
    cloud: Cloud | None = None
    """None if it is not known; then only figures count that are the same on every cloud."""
    dbu_per_hour: Mapping[str, Decimal] = field(default_factory=dict)
    """By workload type, for one unit."""

    def rate(self, workload_type: str) -> Decimal | None:
        """DBU per hour of one unit; None if it is not known."""
        own = self.dbu_per_hour.get(workload_type)
        return figure(workload_type, self.cloud) if own is None else own

    def day(self, workload_type: str) -> date | None:
        """The day of the table's figure, if it is used."""
        return None if workload_type in self.dbu_per_hour else as_of(workload_type, self.cloud)


@dataclass(frozen=True)
class Cost:
    """What is billed while an endpoint is up, from idle to fully scaled."""

    dbu_per_hour: Span = Span(Decimal(0), Decimal(0))
    """Of the entities whose figures are known."""
    concurrency: tuple[int, int] = (0, 0)
    """Provisioned concurrent requests, of the entities whose size is known."""
    per_dbu: Decimal | None = None
    currency: str = ""
    unpriced: tuple[str, ...] = ()
    """What has no figure, each once: workload types, or `size not known`."""
    day: date | None = None
    """The oldest day of the figures that were used; None if none came from the table."""

    @property
    def per_hour(self) -> Span | None:
        """Money an hour; None without a price per DBU."""
        return None if self.per_dbu is None else self.dbu_per_hour.times(self.per_dbu)

    @property
    def per_month(self) -> Span | None:
        """Money a month of 730 hours; None without a price per DBU."""
        return None if self.per_hour is None else self.per_hour.times(HOURS_A_MONTH)

    @property
    def known(self) -> bool:
        """Whether every part of it has a figure."""
        return not self.unpriced


def size(
    workload_size: str | None,
    workload_type: str | None,
    provisioned: tuple[int | None, int | None] = (None, None),
    *,
    scales_to_zero: bool = False,
) -> Size:
    """The size that an entity's settings declare; `provisioned` is the custom concurrency, which counts first."""
    low, high = provisioned
    if high is None:
        low, high = CONCURRENCY_OF_SIZE.get(workload_size or "", (None, None))
    return Size(workload_type or "CPU", low, high, scales_to_zero)


SIZE_NOT_KNOWN: Final = "size not known"


def cost(sizes: Iterable[Size], prices: PriceList, *, stopped: bool = False) -> Cost:
    """The cost of an endpoint's served entities; nothing while it is stopped."""
    none = Cost(per_dbu=prices.per_dbu, currency=prices.currency)
    return none if stopped else total((_cost_of(each, prices) for each in sizes), none)


def total(costs: Iterable[Cost], start: Cost | None = None) -> Cost:
    """The sum of several costs in one currency."""
    every = [*([start] if start else []), *costs]
    days = [each.day for each in every if each.day]
    first = every[0] if every else Cost()
    return Cost(
        dbu_per_hour=Span(
            sum((each.dbu_per_hour.low for each in every), Decimal(0)),
            sum((each.dbu_per_hour.high for each in every), Decimal(0)),
        ),
        concurrency=(sum(each.concurrency[0] for each in every), sum(each.concurrency[1] for each in every)),
        per_dbu=first.per_dbu,
        currency=first.currency,
        unpriced=tuple(dict.fromkeys(name for each in every for name in each.unpriced)),
        day=min(days, default=None),
    )


def _cost_of(entity: Size, prices: PriceList) -> Cost:
    if entity.lowest is None or entity.highest is None:
        return Cost(per_dbu=prices.per_dbu, currency=prices.currency, unpriced=(SIZE_NOT_KNOWN,))
    low = 0 if entity.scales_to_zero else entity.lowest
    rate = prices.rate(entity.workload_type)
    billed = Span(units(entity.workload_type, low), units(entity.workload_type, entity.highest))
    return Cost(
        dbu_per_hour=Span(Decimal(0), Decimal(0)) if rate is None else billed.times(rate),
        concurrency=(low, entity.highest),
        per_dbu=prices.per_dbu,
        currency=prices.currency,
        unpriced=(entity.workload_type,) if rate is None else (),
        day=prices.day(entity.workload_type),
    )
