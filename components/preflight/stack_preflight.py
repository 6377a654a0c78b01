"""The preflight of a whole stack file: checks in the workspace, compared with the stack's state."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pulumi

from model_serving.components.args import ServicePrincipalArgs, ServingEndpointArgs
from model_serving.components.engine.creation_times import creation_times
from model_serving.components.engine.state import read_state
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import endpoint_requirements
from model_serving.components.preflight.unrecorded_endpoints import endpoints_to_import
from model_serving.components.preflight.unrecorded_principals import unrecorded_principals
from model_serving.components.providers import default_settings
from model_serving.databricks.client import connect
from model_serving.databricks.resource_types import SERVING_ENDPOINT_COMPONENT


def stack_preflight(
    endpoints: Mapping[str, ServingEndpointArgs], principals: Mapping[str, ServicePrincipalArgs]
) -> PreflightReport:
    """Check the stack in the workspace, and read its state meanwhile.

    Raises pulumi.RunError if the workspace does not answer or rejects the credentials.
    """
    requirements = [endpoint_requirements(("endpoints", key), args) for key, args in endpoints.items()]
    settings, name = default_settings(), pulumi.get_stack()
    with ThreadPoolExecutor(2) as pool:
        checks = pool.submit(preflight, requirements, settings)
        state = read_state()  # in this thread: it runs the program's event loop
        leftovers = pool.submit(unrecorded_principals, principals, state, settings)
        report = checks.result()
    report.warnings += leftovers.result()
    report.to_import = endpoints_to_import(
        endpoints,
        report,
        state,
        connect=lambda: connect(settings),
        creation_times=lambda: creation_times(name, SERVING_ENDPOINT_COMPONENT),
    )
    return report
