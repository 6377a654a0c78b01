"""The components' arguments as the inputs of the provider's resources. Pure: nothing is registered or read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from model_serving.components.args import (
    AiGatewayArgs,
    PermissionArgs,
    RateLimitArgs,
    ServedEntityArgs,
    ServingEndpointArgs,
)
from model_serving.spec.vocabulary.stack import EmailNotifications, InferenceTable, PrincipalKind

_PRINCIPALS: Final[Mapping[PrincipalKind, str]] = {
    "service_principal": "servicePrincipalName",
    "user": "userName",
    "group": "groupName",
}


def model_serving(args: ServingEndpointArgs) -> dict[str, Any]:
    """Inputs of `databricks.ModelServing`. What is left out stays out, unless the provider would keep an old value."""
    return _written(
        {
            "name": args.name,
            "description": args.description,
            "routeOptimized": args.route_optimized,
            "config": _written(
                {
                    "servedEntities": [_served_entity(name, entity) for name, entity in args.served_entities.items()],
                    # Always written: else the provider sends the route of an entity that was renamed or removed.
                    "trafficConfig": {
                        "routes": [
                            {"servedModelName": name, "trafficPercentage": share}
                            for name, share in _routes(args).items()
                        ]
                    },
                    "autoCaptureConfig": _camel(args.auto_capture),
                }
            ),
            "tags": [{"key": key, "value": value} for key, value in sorted(args.tags.items())] or None,
            "budgetPolicyId": args.budget_policy_id,
        }
    )


def endpoint_settings(args: ServingEndpointArgs) -> dict[str, Any]:
    """Inputs of `EndpointSettings`: what the provider would drop. Empty where nothing of it is declared."""
    return _written(
        {
            "aiGateway": _ai_gateway(args.ai_gateway) if args.ai_gateway else None,
            "emailNotifications": _notifications(args.email_notifications) if args.email_notifications else None,
            "telemetryConfig": _camel(args.telemetry_config),
        }
    )


def access_controls(permissions: Sequence[PermissionArgs]) -> list[dict[str, Any]]:
    """The whole access list of an endpoint: `databricks.Permissions` replaces what was there.

    The provider keeps users' names in lower case, so that any other spelling is a difference at every run.
    """
    return [
        {
            _PRINCIPALS[permission.kind]: _lower(permission.principal)
            if permission.kind != "group"
            else permission.principal,
            "permissionLevel": permission.level,
        }
        for permission in permissions
    ]


def _lower(name: Any) -> Any:
    """In lower case. `destroy` creates nothing: the name of a principal that isn't in the state is None there."""
    return name.lower() if isinstance(name, str) else name.apply(lambda known: known.lower() if known else None)


def _routes(args: ServingEndpointArgs) -> Mapping[str, int]:
    if args.traffic or len(args.served_entities) > 1:
        return args.traffic
    return dict.fromkeys(args.served_entities, 100)


def _served_entity(name: str, entity: ServedEntityArgs) -> dict[str, Any]:
    """One served entity, without `burst_scaling`.

    True is the service's default, which it never returns: the provider would deploy the entity again at every run.
    False is refused (model_serving/spec/validation/served_entity_rules.py), because the provider never sends it.
    """
    if entity.external_model:
        return {"name": name, "externalModel": _camel(entity.external_model)}
    return _written(
        {
            "name": name,
            "entityName": entity.feature_spec or entity.entity,
            "entityVersion": entity.version,
            "workloadSize": entity.workload_size,
            "workloadType": _workload_type(entity),
            "scaleToZeroEnabled": entity.scale_to_zero,
            "minProvisionedConcurrency": entity.min_provisioned_concurrency,
            "maxProvisionedConcurrency": entity.max_provisioned_concurrency,
            "minProvisionedThroughput": entity.min_provisioned_throughput,
            "maxProvisionedThroughput": entity.max_provisioned_throughput,
            "provisionedModelUnits": entity.provisioned_model_units,
            "environmentVars": dict(entity.environment_vars) or None,
            "instanceProfileArn": entity.instance_profile_arn,
        }
    )


def _workload_type(entity: ServedEntityArgs) -> str | None:
    """CPU where nothing is said: the provider keeps the old type of an entity that says none, so a GPU would stay.

    Foundation models have none.
    """
    provisioned = (
        entity.min_provisioned_throughput,
        entity.max_provisioned_throughput,
        entity.provisioned_model_units,
    )
    return entity.workload_type or ("CPU" if provisioned == (None, None, None) else None)


def _ai_gateway(gateway: AiGatewayArgs) -> dict[str, Any]:
    table: InferenceTable | None = gateway.inference_table
    return _written(
        {
            "inferenceTableConfig": _camel(table),
            "usageTrackingConfig": None if gateway.usage_tracking is None else {"enabled": gateway.usage_tracking},
            "rateLimits": [_rate_limit(limit) for limit in gateway.rate_limits] or None,
        }
    )


def _rate_limit(limit: RateLimitArgs) -> dict[str, Any]:
    return _written(
        {
            "key": limit.key,
            "calls": limit.calls,
            "tokens": limit.tokens,
            "principal": limit.principal,
            "renewalPeriod": limit.renewal_period,
        }
    )


def _notifications(notifications: EmailNotifications) -> dict[str, Any]:
    return _written(
        {
            "onUpdateSuccesses": list(notifications.on_update_success) or None,
            "onUpdateFailures": list(notifications.on_update_failure) or None,
        }
    )


def _camel(model: BaseModel | None) -> dict[str, Any] | None:
    """A spec model whose fields are the provider's, in its spelling. Values stay what they are, secrets too."""
    if model is None:
        return None
    fields = {to_camel(name): getattr(model, name) for name in type(model).model_fields}
    return _written({name: _camel(value) if isinstance(value, BaseModel) else value for name, value in fields.items()})


def _written(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value is not None}
