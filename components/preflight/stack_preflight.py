"""The preflight of a whole stack file: checks in the workspace, compared with the stack's state."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pulumi

from model_serving.components.args import ServicePrincipalArgs, ServingEndpointArgs
from model_serving.components.engine.creation_times import creation_times
from model_serving.components.engine.state import State, read_state
from model_serving.components.preflight.adoptions import AdoptedEndpoint, adoptions
from model_serving.components.preflight.delivery_scopes import check_delivery_scopes
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import endpoint_requirements
from model_serving.components.preflight.unrecorded_endpoints import endpoints_to_import
from model_serving.components.preflight.unrecorded_principals import unrecorded_principals
from model_serving.components.providers import default_settings
from model_serving.databricks.client import connect
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_plaintext
from model_serving.spec.vocabulary.stack import Stack


def stack_preflight(
    stack: Stack, endpoints: Mapping[str, ServingEndpointArgs], principals: Mapping[str, ServicePrincipalArgs]
) -> PreflightReport:
    """Check the stack in the workspace, and read its state meanwhile.

    In a preview, the stack's deployer is judged, and an alias that the caller may not read has the deployed version.

    Raises pulumi.RunError if the workspace does not answer or rejects the credentials.
    """
    requirements = [endpoint_requirements(("endpoints", key), args) for key, args in endpoints.items()]
    settings, name = default_settings(), pulumi.get_stack()
    with ThreadPoolExecutor(2) as pool:
        is_preview = pulumi.runtime.is_dry_run()
        checks = pool.submit(preflight, requirements, settings, stack.deployer, is_preview=is_preview)
        state = read_state()  # in this thread: it runs the program's event loop
        leftovers = pool.submit(unrecorded_principals, principals, state, settings)
        scopes = check_delivery_scopes(stack, principals, state, settings, is_preview=is_preview)
        report = checks.result()
    report.add(scopes)
    report.warnings += leftovers.result()
    report.versions |= _deployed_versions(report.unread_aliases, state)
    adopted = [
        AdoptedEndpoint(key, ("endpoints", key), declared.adopt_id, endpoints[key])
        for key, declared in stack.endpoints.items()
        if declared.adopt_id
    ]
    application_ids = {
        key: each.application_id for key, each in principals.items() if is_plaintext(each.application_id)
    }
    report.adoptions = adoptions(adopted, report, state, lambda: connect(settings), application_ids)
    report.to_import = endpoints_to_import(
        {key: args for key, args in endpoints.items() if key not in {each.resource for each in adopted}},
        report,
        state,
        connect=lambda: connect(settings),
        creation_times=lambda: creation_times(name, SERVING_ENDPOINT_COMPONENT),
    )
    return report


def _deployed_versions(aliases: Mapping[str, FieldPath], state: State) -> dict[str, str]:
    """The version that is deployed of each alias, where its place still serves the same model."""
    served = {(each.name, name): entity for each in state.of(MODEL_SERVING) for name, entity in each.served.items()}
    deployed = {alias: served.get((str(path[1]), str(path[3]))) for alias, path in aliases.items()}
    return {alias: each[1] for alias, each in deployed.items() if each and each[0] == alias.partition("@")[0]}
