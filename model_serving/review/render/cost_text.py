"""Cost and capacity in words and figures, the same in every format."""

from collections.abc import Iterator
from decimal import Decimal
from math import ceil
from typing import Final

from model_serving.databricks.prices.capacity import Capacity
from model_serving.databricks.prices.cost import HOURS_A_MONTH, Cost
from model_serving.databricks.prices.forms import concurrency_text, demand_text, missing_text, span_text
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.review.assess.stack_cost import EndpointCapacity, EndpointCost, StackCost

HEADING: Final = "💰 Cost and capacity"


def changes(cost: StackCost) -> Iterator[Sentence]:
    """`fraud-scorer: 8 → 12-20 DBU/h` for each endpoint whose cost changes, then the whole stack if it has others."""
    alike: dict[tuple[Cost | None, Cost | None], list[EndpointCost]] = {}
    for each in cost.endpoints:
        alike.setdefault((each.before, each.after), []).append(each)
    for first, *others in alike.values():
        more = f" and {len(others)} more, each" if others else ""
        yield sentence(quoted(first.key), f"{more}: ", _change(first.before or Cost(), first.after or Cost()))
    if cost.endpoints and cost.is_whole and cost.count > 1:
        yield sentence("Whole stack: ", _change(cost.before, cost.after))


def _change(before: Cost, after: Cost) -> str:
    """The figures of both sides, each with its unit; then what has no figure."""
    factors = {"DBU/h": Decimal(1)}
    if (price := after.per_dbu or before.per_dbu) is not None:
        currency = after.currency or before.currency
        factors |= {f"{currency}/h": price, f"{currency}/month": price * HOURS_A_MONTH}
    figures = [f"{_side(before, each)} → {_side(after, each)} {unit}" for unit, each in factors.items()]
    missing = missing_text(tuple(dict.fromkeys([*before.unpriced, *after.unpriced])))
    return ", ".join(figures) + (f"; {missing}" if missing else "")


def _side(cost: Cost, factor: Decimal) -> str:
    """A span of figures, and whether a part of it is unknown."""
    span = span_text(cost.dbu_per_hour.times(factor))
    if cost.known:
        return span
    return f"{span} + unknown" if cost.dbu_per_hour.high else "unknown"


def origin(cost: StackCost) -> str:
    """Where the figures come from and what they leave out, in a line."""
    days = [each.day for each in (cost.before, cost.after) if each.day]
    table = f"DBU as of {min(days):%B %Y}" if days else "DBU by this project's settings"
    money = "" if cost.after.per_dbu is not None else ". For money, set `per_dbu` under `model-serving:prices`"
    return f"From idle to fully scaled. {table}, without discounts, networking and tax{money}"


def capacity(each: EndpointCapacity) -> Sentence:
    """The load of an endpoint, and what each served entity has for it."""
    needed = concurrency_text(each.demand.concurrency)
    load = f": {demand_text(each.demand)} need {needed} at once; "
    return sentence(quoted(each.key), load, joined(map(_entity, each.entities)))


def _entity(each: Capacity) -> Sentence:
    name, has = quoted(each.entity), "an unknown number" if each.provisioned is None else str(each.provisioned)
    if each.is_short:
        return sentence("⚠️ ", name, f" ({each.share} %) needs {ceil(each.needed)} and has {has}")
    if each.share:
        return sentence(name, f" ({each.share} %) needs {concurrency_text(each.needed)} of {has}")
    enough = "too few" if each.is_short_alone else "enough"
    return sentence(name, f" (0 %) has {has}, {enough} for all of it" if each.provisioned is not None else " (0 %)")


def unread(cost: StackCost) -> Iterator[Sentence]:
    """The endpoints whose metrics could not be read, and why."""
    for key, why in cost.unread.items():
        yield sentence("Metrics of ", quoted(key), f" can't be read: {why}")
