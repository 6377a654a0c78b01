"""Served entities and traffic, read from the inputs of an endpoint, and the impact of their changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.databricks.limits import CONCURRENCY_OF_SIZE
from model_serving.databricks.naming import model_label
from model_serving.databricks.prices.cost import Size
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.review.plan.diff import named, paired
from model_serving.review.plan.redact import shown

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Entity:
    """A served entity: the model version or feature spec behind the endpoint, and its compute."""

    name: str
    model: str
    version: str
    size: str
    hardware: str
    scales_to_zero: bool
    concurrency: int | None
    """The most concurrent requests, if it is known."""
    lowest: int | None = None
    """The fewest that are provisioned while it serves, if it is known."""

    @property
    def label(self) -> str:
        return model_label(self.model, self.version)

    @property
    def compute(self) -> str:
        return f"{self.size} {self.hardware}".strip() + (", scales to zero" if self.scales_to_zero else ", always on")

    @property
    def provisioned(self) -> Size:
        """Its size as what Databricks bills."""
        return Size(self.hardware, self.lowest, self.concurrency, self.scales_to_zero)


@dataclass(frozen=True)
class EntityChange:
    """A served entity before and after; None if it doesn't exist."""

    name: str
    before: Entity | None
    after: Entity | None


@dataclass(frozen=True)
class Share:
    """The percentage of traffic that a served entity gets, before and after; None if it has no route."""

    entity: str
    before: int | None
    after: int | None
    model: str = ""
    """The model or feature spec behind it, after the change."""
    version: str = ""

    @property
    def serves(self) -> str:
        """The model with its version."""
        return model_label(self.model, self.version)


def entities(inputs: Inputs) -> dict[str, Entity]:
    """The served entities of an endpoint, by name."""
    items = _config_items(inputs, "servedEntities")
    return {name: _entity(name, item) for name, item in items.items()}


def entity_changes(old: Inputs, new: Inputs) -> tuple[EntityChange, ...]:
    """The served entities that are added, removed or changed, in the order of the new ones, removed ones last."""
    changes = (EntityChange(*each) for each in paired(entities(old), entities(new)))
    return tuple(change for change in changes if change.before != change.after)


def _config_items(inputs: Inputs, *path: str) -> dict[str, Any]:
    """The items of a list in an endpoint's config, by name; none if it is absent or not known yet."""
    value: Any = inputs
    for part in ("config", *path):
        value = value.get(part) if isinstance(value, Mapping) else None
    items = named(path[-1], value if isinstance(value, list) else []) or {}
    return {key[1:-1]: item for key, item in items.items()}


def _entity(name: str, item: Inputs) -> Entity:
    low, high = item.get("minProvisionedConcurrency"), item.get("maxProvisionedConcurrency")
    most = int(high) if isinstance(high, int | float) and high > 0 else None
    size = f"{shown(low)}-{shown(high)} concurrent" if most is not None else shown(item.get("workloadSize"))
    lowest, highest = (
        (int(low) if isinstance(low, int | float) else 0, most) if most else CONCURRENCY_OF_SIZE.get(size, (None, None))
    )
    external = item.get("externalModel")
    model = item.get("entityName") or (external.get("name") if isinstance(external, Mapping) else None)
    return Entity(
        name=name,
        model=shown(model) or "?",
        version=shown(item.get("entityVersion")),
        size=size,
        hardware=shown(item.get("workloadType")) or "CPU",
        scales_to_zero=item.get("scaleToZeroEnabled") is True,
        concurrency=highest,
        lowest=lowest,
    )


def shares(old: Inputs, new: Inputs) -> tuple[Share, ...]:
    """The traffic split before and after, in the order of the new routes, removed ones last."""
    behind = {name: (entity.model, entity.version) for name, entity in (entities(old) | entities(new)).items()}
    return tuple(Share(*each, *behind.get(each[0], ("", ""))) for each in paired(percentages(old), percentages(new)))


def percentages(inputs: Inputs) -> dict[str, int]:
    """The traffic split of an endpoint, by served entity; empty where it is not known."""
    routes = _config_items(inputs, "trafficConfig", "routes")
    found = {name: route.get("trafficPercentage") for name, route in routes.items()}
    return {name: int(value) for name, value in found.items() if isinstance(value, int | float)}


def behaviour(changes: tuple[EntityChange, ...], split: tuple[Share, ...]) -> Iterator[Impact]:
    """Which model versions are added, removed and changed, and how traffic moves."""
    traffic = {each.entity: each for each in split}
    for change in changes:
        name, before, after = quoted(change.name), change.before, change.after
        share = _with_traffic(traffic.get(change.name))
        if after and not before:
            yield impact(Risk.BEHAVIOUR, sentence(name, " is new: ", quoted(after.label), share))
        elif before and not after:
            yield impact(Risk.BEHAVIOUR, sentence(name, " (", quoted(before.label), ") is removed"))
        elif before and after and before.label != after.label:
            versions = (quoted(before.label), " → ", quoted(after.label))
            yield impact(Risk.BEHAVIOUR, sentence(name, ": ", *versions, share))
    moved = [each for each in split if each.before != each.after]
    if moved:
        yield impact(Risk.BEHAVIOUR, sentence("Traffic moves: ", joined(map(_movement, moved))), of_shares=True)


def _with_traffic(share: Share | None) -> str:
    return f", {share.after} % of the traffic" if share and share.after is not None else ""


def _movement(share: Share) -> Sentence:
    model = sentence(" (", quoted(share.serves), ")") if share.serves else ""
    return sentence(quoted(share.entity), model, f" {share.before or 0} → {share.after or 0} %")


def cost(changes: tuple[EntityChange, ...]) -> Iterator[Impact]:
    """What changes the bill or the capacity of each served entity."""
    for change in changes:
        name, before, after = quoted(change.name), change.before, change.after
        if after and not before:
            yield impact(Risk.COST, sentence(name, f" is billed as soon as it is up: {after.compute}"))
        elif before and not after:
            yield impact(Risk.COST, sentence(name, f" is no longer billed: {before.compute}"))
        elif before and after:
            for what, why in _compute_changes(before, after):
                yield impact(Risk.COST, sentence(name, f": {what}"), why)


def capacity_of(inputs: Inputs) -> str:
    """`at most 8 concurrent requests, 1 of 2 served entities scales to zero`; what Databricks bills an endpoint by.

    What it costs is in the report's StackCost.
    """
    every = list(entities(inputs).values())
    if not every or any(each.concurrency is None for each in every):
        return ""
    total = sum(each.concurrency or 0 for each in every)
    gpus = sorted({each.hardware for each in every if "GPU" in each.hardware})
    idle = sum(each.scales_to_zero for each in every)
    parts = [f"at most {total} concurrent requests"]
    parts += [f"GPUs: {', '.join(gpus)}"] if gpus else []
    if idle == len(every):
        parts.append("not while idle: it scales to zero")
    elif idle:
        parts.append(f"{idle} of {len(every)} served entities scale to zero")
    else:
        parts.append("also while idle")
    return ", ".join(parts)


def _compute_changes(before: Entity, after: Entity) -> Iterator[tuple[str, str]]:
    if before.hardware != after.hardware:
        yield f"{before.hardware} → {after.hardware}", "different hardware at a different price"
    if before.size != after.size:
        yield (
            f"{before.size or 'no size'} → {after.size or 'no size'}",
            _capacity(before.concurrency, after.concurrency),
        )
    if before.scales_to_zero and not after.scales_to_zero:
        yield "scale to zero off", "it is billed while idle; no cold starts"
    if after.scales_to_zero and not before.scales_to_zero:
        yield "scale to zero on", "it is not billed while idle; the first request then waits for a cold start"


def _capacity(before: int | None, after: int | None) -> str:
    if before is None or after is None or before == after:
        return ""
    effect = "higher cost" if after > before else "less capacity"
    return f"at most {after} concurrent requests instead of {before}: {effect}"
