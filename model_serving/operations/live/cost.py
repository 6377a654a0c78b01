"""What an endpoint costs, by the sizes that the workspace shows and the prices of the stack files."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from model_serving.databricks.prices.cost import Cost, PriceList, Span, cost, total
from model_serving.databricks.prices.forms import cost_json, missing_text, span_text
from model_serving.databricks.prices.table import cloud_of
from model_serving.operations.live.extra import Extra
from model_serving.operations.live.status import EndpointStatus, State
from model_serving.operations.live.targets import Targets

Json = dict[str, Any]


def _read(targets: Targets, status: EndpointStatus) -> Json | None:
    found = _cost(targets, status)
    return cost_json(found) if found else None


def _total(targets: Targets, statuses: Sequence[EndpointStatus]) -> Json | None:
    """The sum, if the sizes of all endpoints were read that exist."""
    exist = [each for each in statuses if each.state not in (State.MISSING, State.NOT_DEPLOYED)]
    costs = [found for each in exist if (found := _cost(targets, each))]
    return cost_json(total(costs)) if costs and len(costs) == len(exist) else None


def _cost(targets: Targets, status: EndpointStatus) -> Cost | None:
    """The cost; None where the sizes were not read."""
    sizes = [each.size for each in status.entities if each.active]
    if not sizes or None in sizes:
        return None
    return cost((each for each in sizes if each), _prices(targets), stopped=status.state is State.STOPPED)


def _prices(targets: Targets) -> PriceList:
    if targets.spec is None:
        return PriceList(cloud=cloud_of(targets.host))
    return targets.spec.prices.for_workspace(targets.host)


def _lines(value: Json) -> Iterator[str]:
    scales = value["dbu_per_hour"]["low"] != value["dbu_per_hour"]["high"]
    dbu = f"{_span(value, 'dbu_per_hour')} DBU/h{' from idle to fully scaled' if scales else ''}"
    yield dbu + (f", figures as of {value['as_of']}" if value["as_of"] else "")
    if value["currency"]:
        money, currency = (_span(value, each) for each in ("per_hour", "per_month")), value["currency"]
        yield ", ".join(f"{each} {currency}/{unit}" for each, unit in zip(money, ("h", "month"), strict=True))
    if value["unpriced"]:
        yield missing_text(tuple(value["unpriced"]))


def _column(value: Json) -> str:
    part = " + unknown" if value["unpriced"] else ""
    if value["currency"]:
        return f"{_span(value, 'per_month')}{part} {value['currency']}/month"
    return f"{_span(value, 'dbu_per_hour')}{part} DBU/h"


def _span(value: Json, name: str) -> str:
    return span_text(Span(Decimal(value[name]["low"]), Decimal(value[name]["high"])))


COST: Final = Extra("cost", _read, _lines, _column, _total)
