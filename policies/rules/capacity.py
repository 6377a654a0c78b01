"""The concurrency that served entities have, against what the declared load needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from model_serving.databricks.limits import CONCURRENCY_OF_MODEL, CONCURRENCY_OF_SIZE, CONCURRENCY_STEP
from model_serving.databricks.prices.capacity import Capacity, Demand, capacities
from model_serving.databricks.prices.cost import Size, size
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import at
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_field, entity_name, served
from model_serving.policies.rules.limits import concurrency
from model_serving.policies.rules.traffic import routes

FIELD: Final = "expected"
_CUSTOM: Final = "max_provisioned_concurrency"
_CUSTOM_INPUT: Final = "maxProvisionedConcurrency"


@dataclass(frozen=True)
class _Entity:
    """A served entity by its name: its inputs, and its size."""

    inputs: Any
    size: Size


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    declared = resource.declared
    demand = _demand(at(declared, FIELD))
    split = routes(resource.inputs)
    if demand is None or split is None or at(declared, "stopped") is True:
        return
    entities = {entity_name(each): _Entity(each, _size(each)) for each in served(resource.inputs)}
    for each in capacities(demand, {name: entity.size for name, entity in entities.items()}, split):
        if each.is_short or (each.share == 0 and each.is_short_alone):
            needed = each.needed if each.is_short else each.needed_alone
            inputs = entities[each.entity].inputs
            own = at(inputs, _CUSTOM_INPUT) is not None
            yield Violation(
                _message(each, demand),
                field_path=entity_field(inputs, _CUSTOM if own else "workload_size"),
                fixes=(_larger(ceil(needed), own=own),),
            )


def _demand(declared: Any) -> Demand | None:
    """The declared load; None without one, or where the program is about to report what is wrong with it."""
    if not isinstance(declared, Mapping):
        return None
    # Most stacks declare none, and the pack starts with every preview.
    from model_serving.spec.vocabulary.expected_load import ExpectedLoad  # noqa: PLC0415

    try:
        return ExpectedLoad.model_validate(declared).demand
    except ValueError:
        return None


def _size(entity: Any) -> Size:
    most = concurrency(entity)
    return size(None, None, (most or None, most or None))


def _message(each: Capacity, demand: Demand) -> str:
    load = f"{demand.requests_per_second:g} requests a second of {demand.milliseconds:g} ms"
    if each.is_short:
        return (
            f'Served entity "{each.entity}" has at most {each.provisioned} concurrent requests, and needs'
            f" {ceil(each.needed)}: {each.share} % of {load}"
        )
    return (
        f'Served entity "{each.entity}" has at most {each.provisioned} concurrent requests, and a rollback to it needs'
        f" {ceil(each.needed_alone)}: all of {load}"
    )


def _larger(needed: int, *, own: bool) -> str:
    """The smallest size that is enough; `own`: in the entity's own numbers instead of a size's."""
    enough = [name for name, (_, most) in CONCURRENCY_OF_SIZE.items() if most >= needed]
    if enough and not own:
        return f"`workload_size: {enough[0]}`"
    most = -(-needed // CONCURRENCY_STEP) * CONCURRENCY_STEP
    if most > CONCURRENCY_OF_MODEL.value:
        return f"Share the load between endpoints: a served entity has at most {CONCURRENCY_OF_MODEL.value}"
    return f"`{_CUSTOM}: {most}`" + ("" if own else " with a minimum, instead of `workload_size`")


enough_capacity = Rule(
    name="enough-capacity",
    description="Served entities have the concurrency that the declared load needs.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    why="Requests over the provisioned concurrency wait or are refused. A fallback without traffic needs as much as"
    " what it replaces, at the moment when traffic goes back to it.",
    passes="An endpoint without `expected`; entities whose share of requests a second, times the time of a request, is"
    " at most their concurrency.",
    fails="`expected: {requests_per_second: 300, time_per_request: 40ms}`, which is 12 at once, on `workload_size:"
    " Small`, which has 4.",
)
