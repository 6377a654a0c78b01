"""A whole stack file as components, and what it gives to those who call its endpoints."""

from typing import Any

import pulumi

from components.access import PermissionArgs
from components.endpoint import ServingEndpoint, ServingEndpointArgs
from components.principal import ServicePrincipal, ServicePrincipalArgs
from stacks import Endpoint, Permission, Stack, endpoint_name


def build(stack: Stack, host: str | None, opts: pulumi.ResourceOptions | None = None) -> dict[str, Any]:
    """Register everything that the stack declares, and return the stack's outputs.

    `host` is the workspace's URL. The outputs hold, by the keys of the stack file, each endpoint's name, id, URL and
    whether it is route optimized, and each service principal's application id and client secret (a Pulumi secret).
    """
    principals = {
        key: ServicePrincipal(key, ServicePrincipalArgs(spec, stack.name_prefix + (spec.display_name or key)), opts)
        for key, spec in stack.service_principals.items()
    }
    endpoints = {
        key: ServingEndpoint(
            key,
            ServingEndpointArgs(
                spec=spec,
                name=endpoint_name(stack, key),
                permissions=_permissions(spec, principals),
                tags=stack.default_tags,
                host=host,
            ),
            opts,
        )
        for key, spec in stack.endpoints.items()
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


def _permissions(spec: Endpoint, principals: dict[str, ServicePrincipal]) -> list[PermissionArgs]:
    return [
        PermissionArgs(permission.kind, _principal(permission, principals), permission.level)
        for permission in spec.permissions
    ]


def _principal(permission: Permission, principals: dict[str, ServicePrincipal]) -> pulumi.Input[str]:
    """The principal's name in an access list: for one that this stack declares, its application id."""
    declared = permission.kind == "service_principal" and permission.principal in principals
    return principals[permission.principal].application_id if declared else permission.principal
