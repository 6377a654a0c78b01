"""A whole stack file as components, and what it gives to those who call its endpoints."""

from collections.abc import Mapping
from typing import Any

import pulumi

from model_serving.components.args import ServicePrincipalArgs, ServingEndpointArgs
from model_serving.components.from_spec import declared_args, principal_args, scope_name, with_application_ids
from model_serving.components.guard.immutable_fields_hook import register_immutable_fields_hook
from model_serving.components.guard.protected_children_hook import register_protected_children_hook
from model_serving.components.guard.quiet_predecessor_hook import register_quiet_predecessor_hook
from model_serving.components.preflight.component_preflight import UNRESOLVED_ALIAS
from model_serving.components.preflight.report import PreflightReport, ProblemFormatter, format_problems, raise_problems
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.components.preflight.stack_preflight import EndpointToRegister, StackPreflight, stack_preflight
from model_serving.components.providers import default_settings
from model_serving.components.rollout_record.resource import KeptRollout
from model_serving.components.secret_scope import SecretScope
from model_serving.components.service_principal import ServicePrincipal
from model_serving.components.serving_endpoint import ServingEndpoint
from model_serving.contract.replacement import DeclaredPlace
from model_serving.spec import Endpoint, Stack
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.rollout_step import EndpointStep, RolloutFileError, steps_of_this_run
from model_serving.spec.succession import PREDECESSOR, DeclaredEndpoint, declared_endpoints, shares_traffic


def build(
    stack: Stack,
    formatter: ProblemFormatter = format_problems,
    opts: pulumi.ResourceOptions | None = None,
) -> dict[str, Any]:
    """Register everything that the stack declares, and return the stack's outputs.

    The preflight comes first: pulumi.RunError has every problem, as `formatter` writes it, before anything is
    registered. Where a rollout runs this program, its endpoints get the traffic of the rollout's step.

    The outputs hold, by the keys of the stack file, each endpoint's name, id, URL and whether it is route optimized,
    the same of its predecessor while it declares one, and each service principal's application id, client secret (a
    secret) and delivery to a forge.
    """
    steps = _steps(stack)
    declared = [_to_register(stack, each, steps.get(each.key)) for each in declared_endpoints(stack)]
    principal_arguments = {key: principal_args(stack, key) for key in stack.service_principals}
    preflight = stack_preflight(stack, declared, principal_arguments)
    raise_problems(preflight.report, formatter)
    register_immutable_fields_hook()
    register_protected_children_hook()
    register_quiet_predecessor_hook().watch(preflight.retirements, default_settings(), stack.predecessor_quiet)
    scopes = {key: SecretScope(key, scope_name(stack, key), opts) for key in stack.secret_scopes}
    by_name = {scope_name(stack, key): scope for key, scope in scopes.items()}
    principals = {
        key: ServicePrincipal(key, _after_scope(args, by_name), opts) for key, args in principal_arguments.items()
    }
    for key, scope in scopes.items():
        scope.allow([(each, _application_id(each.principal, principals)) for each in stack.secret_scopes[key].readers])
    endpoints = {
        each.declared.path: _endpoint(stack, each, preflight, principals, steps.get(each.declared.key), opts=opts)
        for each in declared
    }
    return {
        "endpoints": {key: _endpoint_outputs(("endpoints", key), endpoints) for key in stack.endpoints},
        "service_principals": {
            key: {
                "application_id": principal.application_id,
                "client_secret": principal.client_secret,
                **_forge_delivery(stack, key, principal),
            }
            for key, principal in principals.items()
        },
    }


def _to_register(stack: Stack, declared: DeclaredEndpoint, step: EndpointStep | None) -> EndpointToRegister:
    """An endpoint with its arguments, at its rollout's step, which a predecessor of the same traffic takes, too."""
    args = declared_args(stack, declared)
    moves = not declared.is_predecessor or shares_traffic(stack.endpoints[declared.key], declared.endpoint)
    return EndpointToRegister(declared, _at_its_step(args, step) if moves else args)


def _endpoint(
    stack: Stack,
    to_register: EndpointToRegister,
    preflight: StackPreflight,
    principals: Mapping[str, ServicePrincipal],
    step: EndpointStep | None,
    *,
    opts: pulumi.ResourceOptions | None,
) -> ServingEndpoint:
    declared, report = to_register.declared, preflight.report
    resource, successor = preflight.resources[declared.path], stack.endpoints[declared.key]
    return ServingEndpoint(
        resource,
        _resolved(resource, to_register.args, report, principals),
        _options(declared.endpoint, opts),
        rollout=_kept_rollout(successor, None if declared.is_predecessor else step),
        adoption=report.adoptions.get(resource),
        place=DeclaredPlace(
            pulumi.get_stack(), declared.key, successor.predecessor is not None, declared.is_predecessor
        ),
    )


def _endpoint_outputs(path: FieldPath, endpoints: Mapping[FieldPath, ServingEndpoint]) -> dict[str, Any]:
    """The outputs of the endpoint at that place, and of its predecessor while it is declared."""
    endpoint, predecessor = endpoints[path], (*path, PREDECESSOR)
    return {
        "name": endpoint.endpoint_name,
        "id": endpoint.endpoint_id,
        "url": endpoint.url,
        "route_optimized": endpoint.route_optimized,
        **({PREDECESSOR: _endpoint_outputs(predecessor, endpoints)} if predecessor in endpoints else {}),
    }


def _steps(stack: Stack) -> dict[str, EndpointStep]:
    """The steps of the rollout that runs this program. Raises pulumi.RunError for a file that can't be used."""
    try:
        return steps_of_this_run(pulumi.get_stack(), stack)
    except RolloutFileError as error:
        raise pulumi.RunError(str(error)) from None


def _at_its_step(args: ServingEndpointArgs, step: EndpointStep | None) -> ServingEndpointArgs:
    """The arguments with the traffic of a rollout's step in place of the declared one."""
    return args.model_copy(update={"traffic": dict(step.traffic)}) if step else args


def _resolved(
    resource: str, args: ServingEndpointArgs, report: PreflightReport, principals: Mapping[str, ServicePrincipal]
) -> ServingEndpointArgs:
    """The arguments with the application ids of the stack's principals and the versions of aliases."""

    def application_id(principal: str) -> pulumi.Input[str]:
        return _application_id(principal, principals)

    def version(alias: str) -> pulumi.Input[str]:
        return report.versions.get(alias) or pulumi.Output.from_input(UNRESOLVED_ALIAS)

    resolved = resolve_aliases(with_application_ids(args, application_id), version)
    return resolved.model_copy(update={"adopt": resource in report.to_import})


def _application_id(principal: str, principals: Mapping[str, ServicePrincipal]) -> pulumi.Input[str]:
    """The application id of a service principal of the stack; any other principal is named already."""
    declared = principals.get(principal)
    return declared.application_id if declared else principal


def _after_scope(args: ServicePrincipalArgs, scopes: Mapping[str, SecretScope]) -> ServicePrincipalArgs:
    """The arguments with a scope of this stack as an output: credentials are delivered to it when it exists."""
    secret = args.oauth_secret
    deliver = secret.deliver if secret else None
    place = deliver.secret_scope if deliver else None
    if not secret or not deliver or not place or place.scope not in scopes:
        return args
    place = place.model_copy(update={"scope": scopes[place.scope].scope})
    deliver = deliver.model_copy(update={"secret_scope": place})
    return args.model_copy(update={"oauth_secret": secret.model_copy(update={"deliver": deliver})})


def _forge_delivery(stack: Stack, key: str, principal: ServicePrincipal) -> dict[str, Any]:
    """What `model-serving ci deliver-secrets` reads of a principal, besides its application id and secret."""
    secret = stack.service_principals[key].oauth_secret
    places = secret.deliver.forge_places if secret and secret.deliver else {}
    if not secret or not places:
        return {}
    return {"delivery": {"secret_id": principal.secret_id, "generation": secret.generation, **places}}


def _kept_rollout(spec: Endpoint, step: EndpointStep | None) -> KeptRollout | None:
    return KeptRollout(step, spec.rollout.model_dump(mode="json", exclude_defaults=True)) if spec.rollout else None


def _options(spec: Endpoint, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    declared = pulumi.ResourceOptions(protect=spec.protect or None, retain_on_delete=spec.retain_on_delete or None)
    return pulumi.ResourceOptions.merge(opts, declared)
