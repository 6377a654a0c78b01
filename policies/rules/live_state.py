"""Whether the live endpoints serve what was last deployed."""

from collections.abc import Iterator, Sequence

from model_serving.contract.conditions import ENDPOINTS_SERVE
from model_serving.databricks.failure_report import state_report, stopped_report
from model_serving.databricks.resource_types import ENDPOINT_STOP, MODEL_SERVING
from model_serving.databricks.serving_endpoints import endpoint_path, is_stopped
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation
from model_serving.policies.rules.live_resource import live_resource, workspace_of
from model_serving.policies.rules.stop_supported import stops


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    if resource.type != MODEL_SERVING:
        return
    live, workspace = live_resource(resource), workspace_of(resource)
    if live and workspace and not is_stopped(live.answer) and (report := state_report(workspace, live.answer)):
        yield Violation(str(report))


def _check_stopped(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    """A stopped endpoint that is not declared so, which only all resources together show."""
    for each in registered:
        resource = each.resource
        if resource.type != MODEL_SERVING or any(stops(other, resource) for other in registered):
            continue
        if (live := live_resource(resource)) and is_stopped(live.answer):
            yield resource, Violation(stopped_report(live.answer), fixes=_way_out(resource))


def _way_out(resource: Resource) -> tuple[str, ...]:
    if not resource.stack_spec:  # a program without stack files
        return (f"databricks api post {endpoint_path(str(resource.inputs['name']))}/config:start",)
    start = f"model-serving start {resource.address} --stack {resource.stack}"
    # A policy does not see that a change removes `stopped: true`.
    return start, "Declare `stopped: true`, if it is meant to be stopped; where a change removes that, `up` starts it"


endpoints_serve = Rule(
    name=ENDPOINTS_SERVE,
    description="Live endpoints serve what was last deployed.",
    level="advisory",
    types=(MODEL_SERVING, ENDPOINT_STOP),
    check=_check,
    check_stack=_check_stopped,
    reads_workspace=True,
    why="A stopped or failed endpoint differs from the stack file in nothing that Pulumi compares.",
    passes="A live endpoint that is ready; a new one; one that scaled to zero; a stopped one with `stopped: true`. The "
    "program reports an update in progress.",
    fails="A stopped endpoint without `stopped: true`. A failed or canceled update, with the reason and the end of the "
    "build log. A served entity that is not ready, with its share of the traffic.",
)
