"""What is known before anything of a stack is registered: the preflight's report, and what the state has."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pulumi

from model_serving.components.engine.creation_times import begun
from model_serving.components.engine.state import own_state
from model_serving.components.from_spec import endpoint_args, principal_args
from model_serving.components.preflight.checks import Report
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.requirements import needs
from model_serving.components.preflight.unrecorded_endpoints import take_over
from model_serving.components.preflight.unrecorded_principals import orphans
from model_serving.components.providers import default_settings
from model_serving.databricks.client import connect
from model_serving.databricks.resource_types import SERVING_ENDPOINT_COMPONENT
from model_serving.spec import Stack


@dataclass(frozen=True)
class Look:
    """The report, whose findings are reasons to stop, and the keys of the endpoints to import."""

    report: Report
    taken_over: frozenset[str]


def look(stack: Stack) -> Look:
    """Ask the workspace and the engine at the same time. Raises pulumi.RunError where the workspace doesn't answer."""
    declared = {key: endpoint_args(stack, key, str) for key in stack.endpoints}
    asked = [needs(("endpoints", key), args) for key, args in declared.items()]
    settings, name = default_settings(), pulumi.get_stack()
    principals = {key: principal_args(stack, key) for key in stack.service_principals}
    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(preflight, asked, settings)
        state = own_state()  # in this thread: it runs the program's event loop
        searching = pool.submit(orphans, principals, state, settings)
        report = looking.result()
    report.warnings += searching.result()
    taken = take_over(
        declared, report, state, lambda: connect(settings), lambda: begun(name, SERVING_ENDPOINT_COMPONENT)
    )
    return Look(report, taken)
