"""A stack file's endpoints and service principals as the components' arguments.

A loaded stack is valid already, so the arguments are constructed without validating them again.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from model_serving.components.args import ServicePrincipalArgs, ServingEndpointArgs
from model_serving.databricks.naming import is_in_unity_catalog
from model_serving.spec import Stack
from model_serving.spec.succession import DeclaredEndpoint, declared_at
from model_serving.spec.validation.stack_rules import scope_keys
from model_serving.spec.vocabulary.endpoint import BaseEndpoint
from model_serving.spec.vocabulary.stack import BaseServicePrincipal, OAuthSecret, Permission, RateLimit

if TYPE_CHECKING:  # `check` imports this module, without Pulumi
    import pulumi

ApplicationId = Callable[[str], "pulumi.Input[str]"]
"""A service principal's application id, by its key in the stack or by itself."""


def endpoint_args(stack: Stack, key: str) -> ServingEndpointArgs:
    """The arguments of the endpoint of that key: see `declared_args`."""
    return declared_args(stack, next(declared_at(stack, key)))


def declared_args(stack: Stack, declared: DeclaredEndpoint) -> ServingEndpointArgs:
    """The arguments of one endpoint or predecessor, with the stack's name prefix and default tags.

    Service principals are still named by their keys in the stack: see `with_application_ids`.
    """
    spec = declared.endpoint
    fields = {
        **{name: getattr(spec, name) for name in BaseEndpoint.model_fields},
        "name": declared.name,
        "tags": {**(stack.default_tags if spec.default_tags else {}), **spec.tags},
        "deployer": stack.deployer,
        "preflight": False,  # one preflight covers the whole stack
    }
    return ServingEndpointArgs.model_construct(**fields)


def with_application_ids(args: ServingEndpointArgs, application_id: ApplicationId) -> ServingEndpointArgs:
    """The arguments with each service principal's key as its application id."""

    def permission(each: Permission) -> Permission:
        name = each.service_principal
        return each.model_copy(update={"service_principal": application_id(name)}) if name else each

    def limit(each: RateLimit) -> RateLimit:
        name = each.principal if each.key == "service_principal" else None
        return each.model_copy(update={"principal": application_id(name)}) if name else each

    gateway = args.ai_gateway
    resolved = gateway and gateway.model_copy(update={"rate_limits": list(map(limit, gateway.rate_limits))})
    permissions = None if args.permissions is None else list(map(permission, args.permissions))
    return args.model_copy(update={"permissions": permissions, "ai_gateway": resolved})


def principal_args(stack: Stack, key: str) -> ServicePrincipalArgs:
    """The arguments of one service principal. It is granted what the endpoints that run as it serve."""
    spec = stack.service_principals[key]
    served = (
        entity
        for served in spec.serves
        for each in declared_at(stack, served)
        for entity in each.endpoint.served_entities.values()
    )
    fields = {
        **{name: getattr(spec, name) for name in BaseServicePrincipal.model_fields},
        "display_name": stack.name_prefix + spec.display_name if spec.display_name else None,
        "oauth_secret": _with_keys(stack, key, spec.oauth_secret),
        "execute": sorted({entity.model_name for entity in served if is_in_unity_catalog(entity.model_name)}),
        "select": sorted(set(spec.grants.tables)),
    }
    return ServicePrincipalArgs.model_construct(**fields)


def _with_keys(stack: Stack, key: str, secret: OAuthSecret | None) -> OAuthSecret | None:
    """The OAuth secret with the keys of its scope, which have the stack's name prefix, and that of a declared scope."""
    if not secret or not secret.deliver or not secret.deliver.secret_scope:
        return secret
    place = secret.deliver.secret_scope
    client_id, client_secret = scope_keys(stack, key)
    scope = scope_name(stack, place.scope) if place.scope in stack.secret_scopes else place.scope
    place = place.model_copy(update={"scope": scope, "client_id": client_id, "client_secret": client_secret})
    return secret.model_copy(update={"deliver": secret.deliver.model_copy(update={"secret_scope": place})})


def scope_name(stack: Stack, key: str) -> str:
    """The name in the workspace of a secret scope that the stack declares."""
    return stack.name_prefix + key
