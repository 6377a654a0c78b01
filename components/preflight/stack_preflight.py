"""The preflight of a whole stack file: checks in the workspace, compared with the stack's state."""

import functools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pulumi

from model_serving.components.args import ServicePrincipalArgs, ServingEndpointArgs
from model_serving.components.engine.exported_state import creation_times, deletion_options
from model_serving.components.engine.state import State, read_state
from model_serving.components.preflight.adoptions import AdoptedEndpoint, adoptions, is_another
from model_serving.components.preflight.delivery_scopes import check_delivery_scopes
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import endpoint_requirements
from model_serving.components.preflight.unrecorded_endpoints import endpoints_to_import
from model_serving.components.preflight.unrecorded_principals import unrecorded_principals
from model_serving.components.providers import default_settings
from model_serving.components.succession.migration_problems import (
    abandoned_successors,
    kept_and_replaced,
    migration_problems,
    retained,
    unknown_state,
)
from model_serving.components.succession.recorded_families import Families, Retirement, families
from model_serving.databricks.client import connect
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_plaintext
from model_serving.spec.succession import DeclaredEndpoint
from model_serving.spec.vocabulary.stack import Stack


@dataclass(frozen=True)
class EndpointToRegister:
    """A declared endpoint with its arguments."""

    declared: DeclaredEndpoint
    args: ServingEndpointArgs


@dataclass(frozen=True)
class StackPreflight:
    """What the preflight found, the resource names by the place in the stack file, and the endpoints to retire."""

    report: PreflightReport
    resources: Mapping[FieldPath, str]
    retirements: Sequence[Retirement] = ()


def stack_preflight(
    stack: Stack, endpoints: Sequence[EndpointToRegister], principals: Mapping[str, ServicePrincipalArgs]
) -> StackPreflight:
    """Check the stack in the workspace, and read its state meanwhile.

    In a preview, the stack's deployer is judged, and an alias that the caller may not read has the deployed version.

    Raises pulumi.RunError if the workspace does not answer or rejects the credentials, and if the state can't be read
    where it decides which resource an endpoint is.
    """
    requirements = [endpoint_requirements(each.declared.path, each.args) for each in endpoints]
    settings, name = default_settings(), pulumi.get_stack()
    with ThreadPoolExecutor(2) as pool:
        is_preview = pulumi.runtime.is_dry_run()
        adopted = {each.args.name for each in endpoints if each.declared.endpoint.adopt_id}
        checks = pool.submit(preflight, requirements, settings, stack.deployer, is_preview=is_preview, adopted=adopted)
        state = read_state()  # in this thread: it runs the program's event loop
        leftovers = pool.submit(unrecorded_principals, principals, state, settings)
        scopes = check_delivery_scopes(stack, principals, state, settings, is_preview=is_preview)
        report = checks.result()
    declared = [each.declared for each in endpoints]
    if not state.is_known and (reason := unknown_state(declared)):
        raise pulumi.RunError(reason)
    found = families(declared, state)
    report.add(scopes)
    report.warnings += leftovers.result()
    report.versions |= _deployed_versions(report.unread_aliases, state, found.resources)
    options = functools.cache(lambda: deletion_options(name, MODEL_SERVING))
    if state.is_known:
        report.problems += migration_problems(found, report.live, lambda: connect(settings), options)
        report.problems += kept_and_replaced(found.members, declared)
        report.warnings += abandoned_successors(found, stack.name_prefix, report.live)
    _take_over(report, endpoints, found, state, principals)
    retirements = [each for each in found.retirements if not retained(each, options())]
    return StackPreflight(report, found.resources, retirements)


def _take_over(
    report: PreflightReport,
    endpoints: Sequence[EndpointToRegister],
    found: Families,
    state: State,
    principals: Mapping[str, ServicePrincipalArgs],
) -> None:
    """Add to the report what is imported: adopted endpoints, and those that an earlier run of this stack created."""
    settings, name = default_settings(), pulumi.get_stack()
    named = {found.resources[each.declared.path]: each for each in endpoints if each.declared not in found.missing}
    adopted = [
        AdoptedEndpoint(resource, each.declared.path, each.declared.endpoint.adopt_id, each.args)
        for resource, each in named.items()
        if each.declared.endpoint.adopt_id and not is_another(each.declared.endpoint.adopt_id, resource, state)
    ]
    application_ids = {
        key: each.application_id for key, each in principals.items() if is_plaintext(each.application_id)
    }
    report.adoptions = adoptions(adopted, report, state, lambda: connect(settings), application_ids)
    of_adoptions = {each.resource for each in adopted}
    report.to_import = endpoints_to_import(
        {resource: each.args for resource, each in named.items() if resource not in of_adoptions},
        report,
        state,
        connect=lambda: connect(settings),
        creation_times=lambda: creation_times(name, SERVING_ENDPOINT_COMPONENT),
        paths={resource: each.declared.path for resource, each in named.items()},
    )


def _deployed_versions(
    aliases: Mapping[str, FieldPath], state: State, resources: Mapping[FieldPath, str]
) -> dict[str, str]:
    """The version that is deployed of each alias, where its place still serves the same model."""
    served = {(each.name, name): entity for each in state.of(MODEL_SERVING) for name, entity in each.served.items()}
    deployed = {alias: served.get(_place(path, resources)) for alias, path in aliases.items()}
    return {alias: each[1] for alias, each in deployed.items() if each and each[0] == alias.partition("@")[0]}


def _place(path: FieldPath, resources: Mapping[FieldPath, str]) -> tuple[str, str]:
    """The resource of an endpoint and the name of its served entity, by the path of a value in the entity."""
    *endpoint, _served_entities, entity, _field = path
    return resources.get(tuple(endpoint), ""), str(entity)
