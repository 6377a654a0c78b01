"""A spec's endpoint as the arguments of the provider's resources. Pure: no Pulumi, no reading, no defaults of ours."""

from typing import Any

from stacks.spec import AiGateway, Endpoint, ServedEntity


def model_serving(name: str, endpoint: Endpoint, default_tags: dict[str, str]) -> dict[str, Any]:
    """Inputs of `databricks.ModelServing`. What a stack file leaves out stays out."""
    tags = {**default_tags, **endpoint.tags}
    return _written(
        {
            "name": name,
            "description": endpoint.description,
            "routeOptimized": endpoint.route_optimized,
            "config": {
                "servedEntities": [_served_entity(key, entity) for key, entity in endpoint.served_entities.items()],
                # Always written: the provider would otherwise send the route of an entity that was renamed or removed.
                "trafficConfig": {
                    "routes": [
                        {"servedModelName": key, "trafficPercentage": percentage}
                        for key, percentage in endpoint.routes.items()
                    ]
                },
            },
            "tags": [{"key": key, "value": value} for key, value in sorted(tags.items())] or None,
            "budgetPolicyId": endpoint.budget_policy_id,
            "aiGateway": _ai_gateway(endpoint.ai_gateway) if endpoint.ai_gateway else None,
            "emailNotifications": _written(
                {
                    "onUpdateSuccesses": endpoint.email_notifications.on_update_success,
                    "onUpdateFailures": endpoint.email_notifications.on_update_failure,
                }
            )
            if endpoint.email_notifications
            else None,
        }
    )


def _served_entity(name: str, entity: ServedEntity) -> dict[str, Any]:
    if entity.external_model:
        return {"name": name, "externalModel": entity.external_model.model_dump()}
    return _written(
        {
            "name": name,
            "entityName": entity.model_name,
            "entityVersion": entity.version,
            "workloadSize": entity.workload_size,
            "workloadType": entity.workload_type,
            "scaleToZeroEnabled": entity.scale_to_zero,
            "minProvisionedConcurrency": entity.min_provisioned_concurrency,
            "maxProvisionedConcurrency": entity.max_provisioned_concurrency,
            "minProvisionedThroughput": entity.min_provisioned_throughput,
            "maxProvisionedThroughput": entity.max_provisioned_throughput,
            "provisionedModelUnits": entity.provisioned_model_units,
            "environmentVars": entity.environment_vars or None,
            "instanceProfileArn": entity.instance_profile_arn,
        }
    )


def _ai_gateway(gateway: AiGateway) -> dict[str, Any]:
    table = gateway.inference_table
    return _written(
        {
            "inferenceTableConfig": _written(
                {
                    "catalogName": table.catalog_name,
                    "schemaName": table.schema_name,
                    "tableNamePrefix": table.table_name_prefix,
                    "enabled": table.enabled,
                }
            )
            if table
            else None,
            "usageTrackingConfig": None if gateway.usage_tracking is None else {"enabled": gateway.usage_tracking},
            "rateLimits": [
                _written(
                    {
                        "key": limit.key,
                        "calls": limit.calls,
                        "tokens": limit.tokens,
                        "principal": limit.principal,
                        "renewalPeriod": limit.renewal_period,
                    }
                )
                for limit in gateway.rate_limits
            ]
            or None,
        }
    )


def _written(inputs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if value is not None}
