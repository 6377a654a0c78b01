"""Cost and capacity as text and as JSON: the same in reviews and in `status`. Amounts are exact, and text in JSON."""

from decimal import Decimal
from typing import Any, Final

from model_serving.databricks.prices.capacity import Capacity, Demand
from model_serving.databricks.prices.cost import SIZE_NOT_KNOWN, Cost, Span

_WHOLE: Final = 100
"""Amounts from here on are shown without a fraction."""


def span_text(span: Span) -> str:
    """`8-16`, or one number where both are the same."""
    low, high = _amount(span.low), _amount(span.high)
    return low if low == high else f"{low}-{high}"


def _amount(value: Decimal) -> str:
    if value >= _WHOLE or value == value.to_integral_value():
        return f"{value:,.0f}"
    return f"{value:,.2f}"


def concurrency_text(value: float) -> str:
    """`4.8`, `12`."""
    return f"{value:,.1f}".removesuffix(".0")


def demand_text(demand: Demand) -> str:
    """`300 requests a second of 40 ms (declared)`."""
    since = "last minute" if demand.measured else "declared"
    return f"{demand.requests_per_second:,.4g} requests a second of {demand.milliseconds:,.4g} ms ({since})"


def missing_text(unpriced: tuple[str, ...]) -> str:
    """`no DBU figure for GPU_XLARGE`; empty if nothing is missing."""
    return "; ".join(each if each == SIZE_NOT_KNOWN else f"no DBU figure for {each}" for each in unpriced)


def cost_json(cost: Cost) -> dict[str, Any]:
    """What it costs from idle to fully scaled; money is null without a price per DBU."""
    low, high = cost.concurrency
    known = cost.per_dbu is not None
    return {
        "dbu_per_hour": _span_json(cost.dbu_per_hour),
        "currency": cost.currency if known else None,
        "per_hour": _span_json(cost.per_hour),
        "per_month": _span_json(cost.per_month),
        "concurrency": {"low": low, "high": high},
        "unpriced": list(cost.unpriced),
        "as_of": cost.day.isoformat() if cost.day else None,
    }


def _span_json(span: Span | None) -> dict[str, str] | None:
    return None if span is None else {"low": _exact(span.low), "high": _exact(span.high)}


def _exact(value: Decimal) -> str:
    """Without trailing zeros, and without an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def capacity_json(demand: Demand, entities: tuple[Capacity, ...]) -> dict[str, Any]:
    """The load of an endpoint, and what each served entity needs and has."""
    return {
        "requests_per_second": demand.requests_per_second,
        "time_per_request_ms": demand.milliseconds,
        "measured": demand.measured,
        "needed": demand.concurrency,
        "entities": [
            {
                "name": each.entity,
                "traffic": each.share,
                "needed": each.needed,
                "provisioned": each.provisioned,
                "enough": None if each.provisioned is None else not each.is_short,
                "enough_alone": None if each.provisioned is None else not each.is_short_alone,
            }
            for each in entities
        ],
    }
