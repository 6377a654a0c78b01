"""What a stack costs before and after a change, and whether its endpoints have the capacity for their load.

None of it decides: neither the verdict nor the digest depends on a price or on a request rate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model_serving.databricks.prices.capacity import Capacity, Demand, capacities
from model_serving.databricks.prices.cost import Cost, PriceList, cost, total
from model_serving.review.assess.endpoint import Sides, sides
from model_serving.review.assess.families import ENDPOINT
from model_serving.review.assess.grouping import Group, grouped
from model_serving.review.assess.served_entities import Inputs, entities, shares
from model_serving.review.plan.preview import Preview
from model_serving.spec.diagnostics import SpecError
from model_serving.spec.files.listing import has_file
from model_serving.spec.files.workspace_host import workspace_host
from model_serving.spec.loading import load_stack


@dataclass(frozen=True)
class Pricing:
    """What the figures are made with."""

    prices: PriceList = field(default_factory=PriceList)
    declared: Mapping[str, Demand] = field(default_factory=dict)
    """The load that the stack files declare, by the endpoint's key."""
    measured: Mapping[str, Demand | str] = field(default_factory=dict)
    """The load of the last minute by the endpoint's own metrics, or why it can't be read; by what names its cost."""


@dataclass(frozen=True)
class EndpointCost:
    """The cost of an endpoint that changes; None on the side where it doesn't exist."""

    key: str
    """Its key in the stack file; during a migration its name in the workspace, since two have one key."""
    before: Cost | None
    after: Cost | None


@dataclass(frozen=True)
class EndpointCapacity:
    """The load of a changed endpoint, and what each served entity has for it after the change."""

    key: str
    demand: Demand
    entities: tuple[Capacity, ...]


@dataclass(frozen=True)
class StackCost:
    """Cost and capacity of one stack."""

    endpoints: tuple[EndpointCost, ...] = ()
    """Those whose cost changes."""
    before: Cost = field(default_factory=Cost)
    """Of all endpoints of the stack, unchanged ones too."""
    after: Cost = field(default_factory=Cost)
    count: int = 0
    """The number of endpoints of the stack, before and after together."""
    is_whole: bool = True
    """Whether the preview has all of them: some files of previews leave out what does not change."""
    capacities: tuple[EndpointCapacity, ...] = ()
    """Those whose entities, sizes or traffic change, as far as their load is known."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Why the metrics of an endpoint could not be read, by its key."""

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.capacities)


def declared_pricing(stack: str, folder: Path, measured: Mapping[str, Demand | str] | None = None) -> Pricing:
    """The prices and loads that the files of a stack declare; none where they are invalid, which others report."""
    try:
        spec = load_stack(stack, folder / "stacks") if has_file(folder, stack) else None
    except SpecError:
        spec = None
    if spec is None:
        return Pricing(measured=measured or {})
    prices = spec.prices.for_workspace(workspace_host(folder / "stacks" / f"Pulumi.{stack}.yaml"))
    declared = {key: each.expected.demand for key, each in spec.endpoints.items() if each.expected}
    return Pricing(prices, declared, measured or {})


def measurable(preview: Preview) -> dict[str, str]:
    """The endpoints whose load a change concerns, by key: the names that they have in the workspace now."""
    known = {group.label: sides(group) for group in grouped(preview.steps) if group.is_endpoint}
    concerned = {key: each.before for key, each in known.items() if each.before and each.after}
    return {
        key: name
        for key, before in concerned.items()
        if isinstance(name := before.get("name"), str) and _serves_differently(known[key])
    }


def stack_cost(groups: Iterable[Group], pricing: Pricing) -> StackCost:
    """The cost and the capacity of a stack, from the endpoints among its groups."""
    every = {group.label: group for group in groups if group.is_endpoint}
    known = {label: sides(group) for label, group in every.items()}
    costs = tuple(
        EndpointCost(
            key,
            _cost(each.before, pricing, stopped=each.stopped_before),
            _cost(each.after, pricing, stopped=each.stopped_after),
        )
        for key, each in known.items()
    )
    serving = {key: each.after for key, each in known.items() if each.after and _serves_differently(each)}
    none = cost((), pricing.prices)
    return StackCost(
        endpoints=tuple(each for each in costs if each.before != each.after),
        before=total((each.before for each in costs if each.before), none),
        after=total((each.after for each in costs if each.after), none),
        count=len(costs),
        is_whole=all(each.before or each.after for each in costs),
        capacities=tuple(found for key, after in serving.items() for found in _capacities(every[key], after, pricing)),
        unread={key: why for key, why in pricing.measured.items() if key in serving and isinstance(why, str)},
    )


def _cost(inputs: Inputs | None, pricing: Pricing, *, stopped: bool) -> Cost | None:
    if inputs is None:
        return None
    return cost((each.provisioned for each in entities(inputs).values()), pricing.prices, stopped=stopped)


def _serves_differently(both: Sides) -> bool:
    """Whether the change gives an endpoint that answers other entities, sizes or shares of the traffic."""
    before, after = both.before or {}, both.after or {}
    moved = any(each.before != each.after for each in shares(before, after))
    return not both.stopped_after and (moved or both.stopped_before or entities(before) != entities(after))


def _capacities(group: Group, after: Inputs, pricing: Pricing) -> list[EndpointCapacity]:
    """The capacity for the declared load and for the measured one, as far as each is known.

    During a migration the declared load is the endpoint's: its predecessor loses it.
    """
    sizes = {name: each.provisioned for name, each in entities(after).items()}
    split = {each.entity: each.after or 0 for each in shares({}, after)}
    if not split and len(sizes) == 1:
        split = dict.fromkeys(sizes, 100)
    declared = pricing.declared.get(group.key) if group.kind == ENDPOINT else None
    known = [declared, pricing.measured.get(group.label)]
    return [
        EndpointCapacity(group.label, each, tuple(capacities(each, sizes, split)))
        for each in known
        if isinstance(each, Demand)
    ]
