"""Whether the live endpoints serve what was last deployed."""

from collections.abc import Iterator

from model_serving.contract.conditions import ENDPOINTS_SERVE
from model_serving.databricks.failure_report import state_report
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.live_resource import live_resource, workspace_of


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    live, workspace = live_resource(resource), workspace_of(resource)
    if live and workspace and (report := state_report(workspace, live.answer)):
        yield Violation(str(report), fixes=(report.fix,) if report.fix else ())


endpoints_serve = Rule(
    name=ENDPOINTS_SERVE,
    description="Live endpoints serve what was last deployed.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    reads_workspace=True,
    why="A stopped or failed endpoint differs from the stack file in nothing that Pulumi compares.",
    passes="A live endpoint that is ready; a new one; one that scaled to zero. The program reports an update in "
    "progress.",
    fails="A stopped endpoint. A failed or canceled update, with the reason and the end of the build log. A served "
    "entity that is not ready, with its share of the traffic.",
)
