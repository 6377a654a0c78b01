"""Whether an endpoint has the capacity for its load: of the last minute, or as the stack files declare it."""

from collections.abc import Iterator
from typing import Any, Final

from model_serving.databricks.prices.capacity import Demand, capacities, measured_demand
from model_serving.databricks.prices.forms import capacity_json, concurrency_text, demand_text
from model_serving.operations.live.extra import Extra
from model_serving.operations.live.status import EndpointStatus
from model_serving.operations.live.targets import Targets

Json = dict[str, Any]


def _read(targets: Targets, status: EndpointStatus) -> list[Json] | None:
    """The capacity for the measured load and for the declared one, as far as each is known; None without any."""
    sizes = {each.name: each.size for each in status.entities if each.active and each.size}
    shares = {each.name: each.traffic or 0 for each in status.entities}
    known = [_measured(status), _declared(targets, status)]
    found = [capacity_json(each, tuple(capacities(each, sizes, shares))) for each in known if each and sizes]
    return found or None


def _measured(status: EndpointStatus) -> Demand | None:
    whole = status.traffic.whole if status.traffic else None
    return measured_demand(whole) if whole else None


def _declared(targets: Targets, status: EndpointStatus) -> Demand | None:
    declared = targets.endpoints[status.key].declared
    return declared.expected.demand if declared and declared.expected else None


def _lines(value: list[Json]) -> Iterator[str]:
    for each in value:
        demand = Demand(each["requests_per_second"], each["time_per_request_ms"], measured=each["measured"])
        yield f"{demand_text(demand)} need {concurrency_text(each['needed'])} at once"
        yield from (_entity(entity) for entity in each["entities"])


def _entity(entity: Json) -> str:
    has = "an unknown number" if entity["provisioned"] is None else entity["provisioned"]
    line = f"{entity['name']} ({entity['traffic']} %) needs {concurrency_text(entity['needed'])} of {has}"
    if entity["enough"] is False:
        return f"{line}: too few"
    return f"{line}: too few for all of it" if entity["enough_alone"] is False else line


def _column(value: list[Json]) -> str:
    """The worst entity of the first load: `4.8 of 16`."""
    known = [each for each in value[0]["entities"] if each["provisioned"]]
    if not known:
        return concurrency_text(value[0]["needed"])
    worst = max(known, key=lambda each: each["needed"] / each["provisioned"])
    return f"{concurrency_text(worst['needed'])} of {worst['provisioned']}"


CAPACITY: Final = Extra("capacity", _read, _lines, _column)
