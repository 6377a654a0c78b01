"""Endpoints that are declared stopped, and whether the service is known to stop their kind.

Source: product documentation, manage model serving endpoints: only endpoints of custom models without an update in
progress can be stopped. It does not mention route optimization, so that is advice. Feature specs are refused by the
validation of stack files and of the components' arguments, and `up` waits for an update in progress.
"""

from collections.abc import Iterator, Sequence

from model_serving.databricks.resource_types import ENDPOINT_STOP, MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, flag
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation, no_check


def stops(stop: Registered, endpoint: Resource) -> bool:
    """Whether a resource stops an endpoint: an `EndpointStop` that depends on it, and on its permissions."""
    types = stop.resource.type, endpoint.type
    return types == (ENDPOINT_STOP, MODEL_SERVING) and endpoint.urn in stop.dependencies


def _check(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    for stop in registered:
        endpoint = next((each.resource for each in registered if stops(stop, each.resource)), None)
        optimized = endpoint.inputs.get("routeOptimized") if endpoint else None
        if endpoint and optimized is not UNKNOWN and flag(optimized):
            yield (
                endpoint,
                Violation(
                    f'Endpoint "{endpoint.inputs.get("name")}" is declared stopped and is route optimized. The '
                    "documentation does not say whether such an endpoint can be stopped. If the workspace refuses, "
                    "`up` fails after it has deployed everything else",
                    field_path=("stopped",),
                ),
            )


stop_supported = Rule(
    name="stop-supported",
    description="Endpoints that are declared stopped are of a kind that the service is known to stop.",
    level="advisory",
    types=(MODEL_SERVING, ENDPOINT_STOP),
    check=no_check,
    check_stack=_check,
    why="The documentation lets endpoints of custom models be stopped, and does not mention route optimization.",
    passes="`stopped: true` on an endpoint of custom models that is not route optimized.",
    fails="`stopped: true` on a route-optimized endpoint. On a feature spec it is an error of the stack file.",
)
