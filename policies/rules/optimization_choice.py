"""Advice on route optimization where it is chosen: at the creation of an endpoint only."""

from collections.abc import Iterator
from typing import Final

from model_serving.databricks.limits import CONCURRENCY_OF_SIZE, REQUESTS_PER_SECOND
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, flag
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_name, served
from model_serving.policies.rules.limits import concurrency
from model_serving.policies.rules.live_resource import live_resource

_MANY: Final = CONCURRENCY_OF_SIZE["Large"][1]
"""Concurrent requests that are planned for more than 200 requests a second, unless each takes 0.3 s or longer."""


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    optimized, entities = resource.inputs.get("routeOptimized"), served(resource.inputs)
    if optimized is UNKNOWN:
        return
    most = sum(map(concurrency, entities))
    sleeping = [entity for entity in entities if at(entity, "scaleToZeroEnabled") not in (None, UNKNOWN)]
    sleeping = [entity for entity in sleeping if flag(at(entity, "scaleToZeroEnabled"))]
    if (most < _MANY or flag(optimized)) and not (sleeping and flag(optimized)):
        return
    if live_resource(resource) is not None:
        return  # too late to choose
    if flag(optimized):
        yield Violation(
            f'The new endpoint is route optimized, which is for short answers, but "{entity_name(sleeping[0])}" scales '
            "to zero, and the next caller waits for a cold start. Route optimization can't be switched off later",
            advisory=True,
            field_path=("route_optimized",),
            fixes=("`scale_to_zero: false`", "`route_optimized: false`"),
        )
    else:
        yield Violation(
            f"The new endpoint is planned for {most} concurrent requests without route optimization. Without it "
            f"a workspace answers about {REQUESTS_PER_SECOND.value} requests a second, and it can't be switched on "
            "later. With it, callers need OAuth tokens",
            advisory=True,
            field_path=("route_optimized",),
            fixes=("`route_optimized: true`, unless few requests take long",),
        )


route_optimization_choice = Rule(
    name="route-optimization-choice",
    description="New endpoints for many requests are route optimized.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    reads_workspace=True,
    why="It can be chosen at creation only. Without it, a workspace answers about 200 requests a second.",
    passes="Live endpoints; a new endpoint for fewer than 64 concurrent requests; a new one that is route optimized.",
    fails="A new endpoint for 64 or more concurrent requests without route optimization, or a route-optimized one that "
    "scales to zero.",
)
