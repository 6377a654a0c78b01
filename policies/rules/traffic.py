"""How traffic is split between an endpoint's entities."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import UnreadableError, live_endpoint
from model_serving.policies.pack.input_values import UNKNOWN, at, has_unknown, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_name, served

_TOTAL = 100


def routes(inputs: Any) -> dict[str, int] | None:
    """The percentages by served entity, a sole entity's 100 included; None where something isn't known yet."""
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
    """The entity's name: its own, or the one that Databricks gives a model version; None for what gets another."""
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
        yield Violation(
            "Can't tell yet: the routes will be known during `up` only, and are checked then", advisory=True
        )
        return
    names = [_name(entity) for entity in entities]
    if not split and len(names) > 1:
        shown = ", ".join(map(entity_name, entities))
        yield Violation(f"Several served entities ({shown}) and no traffic between them. Write their routes")
    if not written:
        return
    if (total := sum(int(at(route, "trafficPercentage") or 0) for route in written)) != _TOTAL:
        yield Violation(f"The traffic percentages sum to {total}, must be 100")
    for name, times in Counter(str(_target(route)) for route in written).items():
        if name not in names and None not in names:
            yield Violation(f'A route leads to "{name}", which is no served entity. There are: {", ".join(names)}')
        if times > 1:
            yield Violation(f'{times} routes lead to "{name}". Keep one')


def _check_jump(resource: Resource, settings: Settings) -> Iterator[Violation]:
    name, split = resource.inputs.get("name"), routes(resource.inputs)
    if not isinstance(name, str) or not split or has_unknown(dict(resource.provider)):
        return
    try:
        live = live_endpoint(name, resource.provider, is_preview=resource.is_preview)
    except UnreadableError:
        return  # route-optimized-create-only says so
    if live is None or not live.traffic:
        return
    moves = {entity: (live.traffic.get(entity, 0), split.get(entity, 0)) for entity in sorted({*split, *live.traffic})}
    large = [
        f"{entity} {before} % -> {after} %"
        for entity, (before, after) in moves.items()
        if abs(after - before) > settings["points"]
    ]
    if large:
        yield Violation(
            f'Traffic of the live endpoint "{name}" moves by more than {settings["points"]} points at once: '
            f"{', '.join(large)}. A smaller step first shows what the change does"
        )


traffic_adds_up = Rule(
    name="traffic-adds-up",
    description="Traffic percentages sum to 100 and lead to served entities.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_sum,
    why="Neither the provider nor a preview checks it; the API refuses it in the middle of `up`.",
    passes="Routes that sum to 100, one for each name; no routes with a sole entity.",
    fails="Another sum, a route to a name that isn't served, two routes to one, several entities without routes.",
)

traffic_jump = Rule(
    name="traffic-jump",
    description="Traffic of a live endpoint moves in small steps.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_jump,
    reads_workspace=True,
    why="A new version that takes all traffic at once fails for all callers at once.",
    passes="A shift of at most `points` points for each entity; a new endpoint.",
    fails="A larger shift, told with both percentages as the workspace has them now.",
    settings={
        "points": {
            "type": "integer",
            "minimum": 0,
            "default": 50,
            "description": "The largest shift of one entity that isn't told, in percentage points",
        }
    },
)
