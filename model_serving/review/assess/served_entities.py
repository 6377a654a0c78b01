"""Served entities and traffic in the words of serving, read from the inputs of an endpoint."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.review.assess.impacts import Finding, Risk
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.diff import named
from model_serving.review.plan.redact import shown

_CONCURRENCY = {"Small": 4, "Medium": 16, "Large": 64}
"""The most concurrent requests of a workload size (Databricks documentation, create custom model serving endpoints)."""


@dataclass(frozen=True)
class Entity:
    """A served entity: the model version or feature spec behind the endpoint, and what runs it."""

    name: str
    model: str
    version: str
    size: str
    hardware: str
    scales_to_zero: bool
    concurrency: int | None
    """The most concurrent requests, where it is known."""

    @property
    def label(self) -> str:
        return f"{self.model} v{self.version}" if self.version else self.model

    @property
    def machine(self) -> str:
        return f"{self.size} {self.hardware}".strip() + (", scales to zero" if self.scales_to_zero else ", always on")


@dataclass(frozen=True)
class Share:
    """The percentage of traffic that a served entity gets, before and after; None where it has no route."""

    entity: str
    before: int | None
    after: int | None
    serves: str = ""
    """The model behind it, after the change."""


def entities(inputs: Mapping[str, Any]) -> dict[str, Entity]:
    """The served entities of an endpoint, by name."""
    config = inputs.get("config")
    served = config.get("servedEntities") if isinstance(config, Mapping) else None
    items = named("servedEntities", served if isinstance(served, list) else []) or {}
    return {key[1:-1]: _entity(key[1:-1], item) for key, item in items.items()}


def _entity(name: str, item: Mapping[str, Any]) -> Entity:
    low, high = item.get("minProvisionedConcurrency"), item.get("maxProvisionedConcurrency")
    ranged = isinstance(high, int | float) and high > 0
    size = f"{shown(low)}-{shown(high)} concurrent" if ranged else shown(item.get("workloadSize"))
    external = item.get("externalModel")
    model = item.get("entityName") or (external.get("name") if isinstance(external, Mapping) else None)
    return Entity(
        name=name,
        model=shown(model) or "?",
        version=shown(item.get("entityVersion")),
        size=size,
        hardware=shown(item.get("workloadType")) or "CPU",
        scales_to_zero=item.get("scaleToZeroEnabled") is True,
        concurrency=int(high) if ranged and isinstance(high, int | float) else _CONCURRENCY.get(size),
    )


def shares(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Share, ...]:
    """Traffic before and after, in the order of the new routes, those that are gone last."""
    before, after = _routes(old), _routes(new)
    labels = {name: entity.label for name, entity in (entities(old) | entities(new)).items()}
    names = dict.fromkeys([*after, *before])
    return tuple(Share(name, before.get(name), after.get(name), labels.get(name, "")) for name in names)


def _routes(inputs: Mapping[str, Any]) -> dict[str, int]:
    config = inputs.get("config")
    traffic = config.get("trafficConfig") if isinstance(config, Mapping) else None
    routes = traffic.get("routes") if isinstance(traffic, Mapping) else None
    items = named("routes", routes if isinstance(routes, list) else []) or {}
    percentages = {key[1:-1]: item.get("trafficPercentage") for key, item in items.items()}
    return {name: int(value) for name, value in percentages.items() if isinstance(value, int | float)}


def behaviour(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    """Which model versions come, go and change, and where traffic moves."""
    before, after = entities(old), entities(new)
    share = {each.entity: each for each in shares(old, new)}
    for name in dict.fromkeys([*after, *before]):
        was, will = before.get(name), after.get(name)
        if was and will and was.label != will.label:
            yield Finding(
                Risk.BEHAVIOUR,
                f"{quoted(name)}: {quoted(was.label)} → {quoted(will.label)}{_with_traffic(share.get(name))}",
            )
        elif will and not was:
            yield Finding(
                Risk.BEHAVIOUR, f"{quoted(name)} is new: {quoted(will.label)}{_with_traffic(share.get(name))}"
            )
        elif was and not will:
            yield Finding(Risk.BEHAVIOUR, f"{quoted(name)} ({quoted(was.label)}) is taken down")
    moved = [each for each in share.values() if each.before != each.after]
    if moved:
        yield Finding(Risk.BEHAVIOUR, "Traffic moves: " + ", ".join(map(_movement, moved)))


def _with_traffic(share: Share | None) -> str:
    return f", {share.after} % of the traffic" if share and share.after is not None else ""


def _movement(share: Share) -> str:
    model = f" ({quoted(share.serves)})" if share.serves else ""
    return f"{quoted(share.entity)}{model} {share.before or 0} → {share.after or 0} %"


def cost(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    """What changes the bill or the capacity of each served entity."""
    before, after = entities(old), entities(new)
    for name in dict.fromkeys([*after, *before]):
        was, will = before.get(name), after.get(name)
        if will and not was:
            yield Finding(Risk.COST, f"{quoted(name)} costs from now on: {will.machine}")
        elif was and not will:
            yield Finding(Risk.COST, f"{quoted(name)} costs no more: {was.machine}")
        elif was and will:
            yield from (Finding(Risk.COST, f"{quoted(name)}: {text}", why) for text, why in _machine_changes(was, will))


def _machine_changes(was: Entity, will: Entity) -> Iterator[tuple[str, str]]:
    if was.hardware != will.hardware:
        yield f"{was.hardware} → {will.hardware}", "another kind of machine, another price"
    if was.size != will.size:
        yield f"{was.size or 'no size'} → {will.size or 'no size'}", _capacity(was.concurrency, will.concurrency)
    if was.scales_to_zero and not will.scales_to_zero:
        yield "scale to zero off", "it costs while nobody calls; no cold starts"
    if will.scales_to_zero and not was.scales_to_zero:
        yield "scale to zero on", "it costs nothing while nobody calls; the next caller then waits for a cold start"


def _capacity(was: int | None, will: int | None) -> str:
    if was is None or will is None or was == will:
        return ""
    return f"at most {will} concurrent requests instead of {was}: {'costs more' if will > was else 'holds less'}"
