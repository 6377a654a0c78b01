"""A whole stack file as components, and what it gives to those who call its endpoints."""

from collections.abc import Mapping
from typing import Any

import pulumi

from model_serving.components.args import ServingEndpointArgs
from model_serving.components.from_spec import endpoint_args, principal_args, with_application_ids
from model_serving.components.guard.immutable_fields_hook import register_immutable_fields_hook
from model_serving.components.guard.protected_children_hook import register_protected_children_hook
from model_serving.components.preflight.component_preflight import UNRESOLVED_ALIAS
from model_serving.components.preflight.report import PreflightReport, ProblemFormatter, format_problems, raise_problems
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.components.preflight.stack_preflight import stack_preflight
from model_serving.components.service_principal import ServicePrincipal
from model_serving.components.serving_endpoint import ServingEndpoint
from model_serving.spec import Endpoint, Stack


def build(
    stack: Stack,
    formatter: ProblemFormatter = format_problems,
    opts: pulumi.ResourceOptions | None = None,
) -> dict[str, Any]:
    """Register everything that the stack declares, and return the stack's outputs.

    The preflight comes first: pulumi.RunError has every problem, as `formatter` writes it, before anything is
    registered. The outputs hold, by the keys of the stack file, each endpoint's name, id, URL and whether it is route
    optimized, and each service principal's application id and client secret (a secret).
    """
    endpoint_arguments = {key: endpoint_args(stack, key) for key in stack.endpoints}
    principal_arguments = {key: principal_args(stack, key) for key in stack.service_principals}
    report = stack_preflight(endpoint_arguments, principal_arguments)
    raise_problems(report, formatter)
    register_immutable_fields_hook()
    register_protected_children_hook()
    principals = {key: ServicePrincipal(key, args, opts) for key, args in principal_arguments.items()}
    endpoints = {
        key: ServingEndpoint(key, _resolved(key, args, report, principals), _options(stack.endpoints[key], opts))
        for key, args in endpoint_arguments.items()
    }
    return {
        "endpoints": {
            key: {
                "name": endpoint.endpoint_name,
                "id": endpoint.endpoint_id,
                "url": endpoint.url,
                "route_optimized": endpoint.route_optimized,
            }
            for key, endpoint in endpoints.items()
        },
        "service_principals": {
            key: {"application_id": principal.application_id, "client_secret": principal.client_secret}
            for key, principal in principals.items()
        },
    }


def _resolved(
    key: str, args: ServingEndpointArgs, report: PreflightReport, principals: Mapping[str, ServicePrincipal]
) -> ServingEndpointArgs:
    """The arguments with the application ids of the stack's principals and the versions of aliases."""

    def application_id(principal: str) -> pulumi.Input[str]:
        declared = principals.get(principal)
        return declared.application_id if declared else principal

    def version(alias: str) -> pulumi.Input[str]:
        return report.versions.get(alias) or pulumi.Output.from_input(UNRESOLVED_ALIAS)

    resolved = resolve_aliases(with_application_ids(args, application_id), version)
    return resolved.model_copy(update={"adopt": key in report.to_import})


def _options(spec: Endpoint, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    declared = pulumi.ResourceOptions(protect=spec.protect or None, retain_on_delete=spec.retain_on_delete or None)
    return pulumi.ResourceOptions.merge(opts, declared)
