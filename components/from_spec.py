"""A stack file's endpoints and service principals as the components' arguments."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from model_serving.components.args import (
    AiGatewayArgs,
    OAuthSecretArgs,
    PermissionArgs,
    RateLimitArgs,
    ServedEntityArgs,
    ServicePrincipalArgs,
    ServingEndpointArgs,
)
from model_serving.spec import Endpoint, ServedEntity, ServicePrincipal, Stack, endpoint_name
from model_serving.spec.vocabulary.stack import AiGateway

if TYPE_CHECKING:  # review imports this module, without Pulumi
    import pulumi

Name = Callable[[str], "pulumi.Input[str]"]
"""A service principal's application id, by its key in the stack or by itself."""


def endpoint_args(stack: Stack, key: str, application_id: Name) -> ServingEndpointArgs:
    """The arguments of one endpoint, with the stack's name prefix and default tags."""
    spec = stack.endpoints[key]
    return ServingEndpointArgs(
        name=endpoint_name(stack, key),
        served_entities={name: _entity(entity) for name, entity in spec.served_entities.items()},
        permissions=_permissions(spec, application_id),
        tags={**stack.default_tags, **spec.tags},
        ai_gateway=_gateway(spec.ai_gateway, application_id) if spec.ai_gateway else None,
        preflight=False,  # the whole stack's is made at once
        **_same(
            spec,
            "traffic",
            "route_optimized",
            "description",
            "budget_policy_id",
            "auto_capture",
            "telemetry_config",
            "email_notifications",
            "replace_id",
        ),
    )


def principal_args(stack: Stack, key: str) -> ServicePrincipalArgs:
    """The arguments of one service principal. It is granted what the endpoints that run as it serve."""
    spec: ServicePrincipal = stack.service_principals[key]
    secret = spec.oauth_secret
    served = (entity for served in spec.serves for entity in stack.endpoints[served].served_entities.values())
    return ServicePrincipalArgs(
        display_name=stack.name_prefix + spec.display_name if spec.display_name else None,
        application_id=spec.application_id,
        entitlements=spec.entitlements,
        oauth_secret=OAuthSecretArgs(secret.lifetime, secret.generation) if secret else None,
        execute=sorted({entity.model_name for entity in served if _in_unity_catalog(entity)}),
        select=sorted(set(spec.grants.tables)),
    )


def _entity(entity: ServedEntity) -> ServedEntityArgs:
    return ServedEntityArgs(**_same(entity, *type(entity).model_fields))


def _permissions(spec: Endpoint, application_id: Name) -> list[PermissionArgs]:
    return [
        PermissionArgs(
            permission.kind,
            application_id(permission.principal) if permission.kind == "service_principal" else permission.principal,
            permission.level,
        )
        for permission in spec.permissions
    ]


def _gateway(gateway: AiGateway, application_id: Name) -> AiGatewayArgs:
    return AiGatewayArgs(
        gateway.inference_table,
        gateway.usage_tracking,
        [
            RateLimitArgs(
                limit.key,
                limit.calls,
                limit.tokens,
                application_id(limit.principal)
                if limit.principal and limit.key == "service_principal"
                else limit.principal,
                limit.renewal_period,
            )
            for limit in gateway.rate_limits
        ],
    )


def _in_unity_catalog(entity: ServedEntity) -> bool:
    """Models of the workspace registry have no grants in Unity Catalog."""
    return entity.model_name.count(".") == 2  # noqa: PLR2004  catalog.schema.name


def _same(spec: Any, *fields: str) -> Mapping[str, Any]:
    """Fields that mean the same on both sides, and are called the same."""
    return {field: getattr(spec, field) for field in fields}
