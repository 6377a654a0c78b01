"""The workspace's interface as an OpenAPI document, made from the route table: `GET /_workspace/openapi.json`.

Members of requests have the types that the workspace checks them for (workspace/http/wire_types.py); which members an
operation reads is told here.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from model_serving.workspace.http.call import Rule
from model_serving.workspace.http.wire_types import TYPES
from model_serving.workspace.store.database import Json

MEMBERS: Final = {
    "endpoints.create": "name config description route_optimized tags ai_gateway rate_limits budget_policy_id"
    " telemetry_config",
    "endpoints.update_config": "served_entities served_models traffic_config auto_capture_config",
    "provisioned_throughput.create": "name config tags",
    "provisioned_throughput.update_config": "config",
    "endpoint_settings.patch_tags": "add_tags delete_tags",
    "endpoint_settings.put_gateway": "guardrails inference_table_config rate_limits"
    " usage_tracking_config fallback_config",
    "endpoint_settings.put_rate_limits": "rate_limits",
    "endpoint_settings.patch_notifications": "email_notifications",
    "endpoint_settings.patch_telemetry": "telemetry_config",
    "invocations.invoke": "dataframe_split dataframe_records instances inputs messages prompt stream",
    "invocations.invoke_directly": "dataframe_split dataframe_records instances inputs",
    "invocations.invoke_by_model": "model messages prompt stream",
    "endpoint_permissions.replace": "access_control_list",
    "endpoint_permissions.merge": "access_control_list",
    "principal_secrets.create": "lifetime",
    "registered_models.create_model": "catalog_name schema_name name comment",
    "registered_models.update_model": "comment owner new_name",
    "registered_models.set_alias": "version_num",
    "grants.update": "changes",
    "scim.create_of": "displayName userName active externalId entitlements members roles",
    "scim.replace_of": "displayName active externalId entitlements members roles",
    "scim.patch_of": "Operations",
    "secret_scopes.create_scope": "scope initial_manage_principal",
    "secret_scopes.delete_scope": "scope",
    "secret_scopes.put_secret": "scope key string_value bytes_value",
    "secret_scopes.delete_secret": "scope key",
    "secret_scopes.put_acl": "scope principal permission",
    "secret_scopes.delete_acl": "scope principal",
    "fault_injection.add": "pattern status error_code message body reset times skip after_handler delay_seconds",
    "seed.seed_by_request": "models registry_models feature_specs tables groups users secret_scopes grants",
}
"""By rule, the members of a request's body."""

INNER: Final = {
    "config": "served_entities served_models traffic_config auto_capture_config",
    "telemetry_config": "table_names telemetry_profile_id inference_table_config",
    "table_names": "annotations_table logs_table metrics_table traces_table",
    "served_entities": "name entity_name entity_version workload_size workload_type scale_to_zero_enabled"
    " environment_vars external_model min_provisioned_concurrency max_provisioned_concurrency"
    " min_provisioned_throughput burst_scaling_enabled",
    "served_models": "name model_name model_version workload_size workload_type scale_to_zero_enabled",
    "traffic_config": "routes",
    "routes": "served_entity_name served_model_name traffic_percentage",
    "auto_capture_config": "catalog_name schema_name table_name_prefix enabled",
    "external_model": "name provider task",
    "tags": "key value",
    "add_tags": "key value",
    "ai_gateway": "guardrails inference_table_config rate_limits usage_tracking_config",
    "rate_limits": "calls key renewal_period principal",
    "guardrails": "input output",
    "access_control_list": "user_name group_name service_principal_name permission_level",
    "changes": "principal add remove",
    "Operations": "op path value",
    "members": "value",
}
"""By member, the members of the objects in it."""

SCHEMAS: Final[dict[str, Json]] = {
    "text": {"type": "string"},
    "a boolean": {"type": "boolean"},
    "an object": {"type": "object"},
    "a list of objects": {"type": "array", "items": {"type": "object"}},
    "a list of text": {"type": "array", "items": {"type": "string"}},
}


def document(routes: Iterable[tuple[str, str, Rule]]) -> Json:
    """The OpenAPI document of these routes."""
    paths: dict[str, Json] = {}
    for method, path, rule in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, rule)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Embedded Databricks workspace", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": paths,
    }


def rule_name(rule: Callable[..., Any]) -> str:
    """`module.function`, as in this module's tables; a rule made for one kind of identity has its maker's name."""
    return f"{rule.__module__.rpartition('.')[2]}.{rule.__qualname__.partition('.')[0]}"


def _operation(method: str, path: str, rule: Rule) -> Json:
    names = re.findall(r"{(\w+)}", path)
    operation: Json = {
        "operationId": re.sub(r"\W+", "_", f"{method} {path}").strip("_").lower(),
        "summary": (rule.__doc__ or rule_name(rule)).strip().splitlines()[0],
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        "responses": {"200": {"description": "Done"}, "default": {"description": "Refused, with the reason"}},
    }
    if members := MEMBERS.get(rule_name(rule)):
        operation["requestBody"] = {"content": {"application/json": {"schema": _object(members)}}}
    return operation


def _object(members: str) -> Json:
    return {"type": "object", "properties": {member: _schema(member) for member in members.split()}}


def _schema(member: str) -> Json:
    kind = TYPES.get(member)
    schema: dict[str, Any] = dict(SCHEMAS[kind]) if kind else {}
    if inner := INNER.get(member):
        if kind == "a list of objects":
            return schema | {"items": _object(inner)}
        return schema | _object(inner)
    return schema
