"""The split of traffic between an endpoint's served entities."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, has_unknown, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_name, served
from model_serving.policies.rules.live_resource import live_resource
from model_serving.spec.rollout_steps import remaining_splits
from model_serving.spec.rollout_variable import Run, this_run

_TOTAL = 100


def routes(inputs: Any) -> dict[str, int] | None:
    """The percentages by served entity, 100 for a single one without routes; None if something is unknown."""
    written = at(inputs, "config", "trafficConfig", "routes")
    if has_unknown(written):
        return None
    if not written:
        names = [_name(entity) for entity in served(inputs)]
        return dict.fromkeys(names, _TOTAL) if len(names) == 1 and isinstance(names[0], str) else {}
    return {str(_target(route)): int(at(route, "trafficPercentage") or 0) for route in written}


def _target(route: Any) -> Any:
    return at(route, "servedEntityName") or at(route, "servedModelName")


def _name(entity: Any) -> Any:
    """The entity's name: its own, or the default name of a model version; None if Databricks chooses another."""
    own = at(entity, "name")
    if own:
        return own
    model = at(entity, "entityName") or at(entity, "modelName")
    version = at(entity, "entityVersion") or at(entity, "modelVersion")
    if UNKNOWN in (model, version):
        return UNKNOWN
    if model is None or version is None:
        return None
    return f"{str(model).rpartition('.')[2]}-{version}"


def _check_sum(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    split = routes(resource.inputs)
    written = items(resource.inputs, "config", "trafficConfig", "routes")
    entities = served(resource.inputs)
    if split is None or UNKNOWN in (at(resource.inputs, "config"), *map(_name, entities)):
        yield Violation("The routes are unknown until `up`, which checks them", advisory=True)
        return
    names = [_name(entity) for entity in entities]
    if not split and len(names) > 1:
        shown = ", ".join(map(entity_name, entities))
        yield Violation(
            f"Several served entities ({shown}) have no routes",
            field_path=("traffic",),
            fixes=("Declare the traffic percentage of each",),
        )
    if not written:
        return
    if (total := sum(int(at(route, "trafficPercentage") or 0) for route in written)) != _TOTAL:
        how = ("Change the percentages so that they add up to 100",)
        yield Violation(f"The traffic percentages sum to {total}, must be 100", field_path=("traffic",), fixes=how)
    for name, times in Counter(str(_target(route)) for route in written).items():
        if name not in names and None not in names:
            yield Violation(f'A route leads to "{name}", which is not a served entity. There are: {", ".join(names)}')
        if times > 1:
            yield Violation(f'{times} routes lead to "{name}"', fixes=("Keep one",))


def _check_jump(resource: Resource, settings: Settings) -> Iterator[Violation]:
    split = routes(resource.inputs)
    live = live_resource(resource) if split else None
    if not split or live is None or not live.traffic:
        return
    large = _largest_moves(_way(resource, live.traffic, split), settings["points"])
    if large:
        yield Violation(
            f'Traffic of the live endpoint "{live.name}" moves by more than {settings["points"]:g} points at once: '
            f"{', '.join(large)}",
            field_path=("traffic",),
            fixes=("Take smaller steps",),
        )


def _way(resource: Resource, live: Mapping[str, int], target: Mapping[str, int]) -> list[Mapping[str, int]]:
    """The splits from the live one to the target: with those of a declared rollout, unless this run is one of them."""
    steps = items(resource.declared, "rollout", "steps")
    if this_run() is Run.STEP or not steps:
        return [live, target]
    return [live, *remaining_splits(live, target, [step for step in steps if isinstance(step, int)])]


def _largest_moves(way: Sequence[Mapping[str, int]], points: float) -> list[str]:
    """The first larger move of each served entity."""
    found: dict[str, str] = {}
    for before, after in pairwise(way):
        for entity in sorted({*before, *after}):
            old, new = before.get(entity, 0), after.get(entity, 0)
            if abs(new - old) > points:
                found.setdefault(entity, f"{entity} {old} % -> {new} %")
    return list(found.values())


traffic_adds_up = Rule(
    name="traffic-adds-up",
    description="Traffic percentages sum to 100 and name served entities.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_sum,
    why="Neither the provider nor a preview checks it. The API refuses it in the middle of `up`.",
    passes="Routes that sum to 100, one per served entity; a single served entity without routes.",
    fails="Another sum, a route to a name that isn't served, two routes to one entity, several entities without "
    "routes.",
)

traffic_jump = Rule(
    name="traffic-jump",
    description="Traffic of a live endpoint moves in small steps.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_jump,
    reads_workspace=True,
    why="A bad version that gets all traffic at once fails for all callers at once.",
    passes="A change of at most `points` percentage points for each entity; a new endpoint; each step of a declared "
    "rollout, where none is larger.",
    fails="A larger change at once. The message has the live and the desired percentages.",
    settings={
        "points": {
            "type": "integer",
            "minimum": 0,
            "default": 50,
            "description": "The largest allowed change of one entity, in percentage points",
        }
    },
)
