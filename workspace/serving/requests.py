"""Request models of serving endpoints. Source: REST reference; databricks-sdk-py `service/serving.py`.

Members of type `Any` have checks of their own in the rules, with the service's messages.
"""

from typing import Any

from model_serving.workspace.http.request_model import Flag, Object, Objects, RequestModel, Text, Texts
from model_serving.workspace.store.database import Json


class ExternalModel(RequestModel):
    name: Text = None
    provider: Text = None
    task: Text = None


class ServedEntity(RequestModel):
    name: Text = None
    entity_name: Text = None
    entity_version: Any = None
    workload_size: Text = None
    workload_type: Text = None
    scale_to_zero_enabled: Any = None
    environment_vars: Object[Json] = None
    external_model: Object[ExternalModel] = None
    min_provisioned_concurrency: Any = None
    max_provisioned_concurrency: Any = None
    min_provisioned_throughput: Any = None
    max_provisioned_throughput: Any = None
    provisioned_model_units: Any = None
    burst_scaling_enabled: Flag = None
    instance_profile_arn: Text = None


class ServedModel(RequestModel):
    """The deprecated form of a served entity."""

    name: Text = None
    model_name: Text = None
    model_version: Any = None
    workload_size: Text = None
    workload_type: Text = None
    scale_to_zero_enabled: Any = None
    environment_vars: Object[Json] = None


class TrafficRoute(RequestModel):
    served_entity_name: Text = None
    served_model_name: Text = None
    traffic_percentage: Any = None


class TrafficConfig(RequestModel):
    routes: Objects[TrafficRoute] = None


class InferenceTable(RequestModel):
    catalog_name: Text = None
    schema_name: Text = None
    table_name_prefix: Text = None
    enabled: Flag = None


class EndpointConfig(RequestModel):
    served_entities: Objects[ServedEntity] = None
    served_models: Objects[ServedModel] = None
    traffic_config: Object[TrafficConfig] = None
    auto_capture_config: Object[InferenceTable] = None


class Tag(RequestModel):
    key: Text = None
    value: Text = None


class RateLimit(RequestModel):
    calls: Any = None
    key: Text = None
    renewal_period: Text = None
    principal: Text = None


class RateLimits(RequestModel):
    rate_limits: Objects[RateLimit] = None


class PersonalData(RequestModel):
    behavior: Text = None


class Guardrail(RequestModel):
    pii: Object[PersonalData] = None


class Guardrails(RequestModel):
    input: Object[Guardrail] = None
    output: Object[Guardrail] = None


class Gateway(RateLimits):
    guardrails: Object[Guardrails] = None
    inference_table_config: Object[InferenceTable] = None
    usage_tracking_config: Object[Json] = None
    fallback_config: Object[Json] = None


class TelemetryTables(RequestModel):
    annotations_table: Text = None
    logs_table: Text = None
    metrics_table: Text = None
    traces_table: Text = None


class Telemetry(RequestModel):
    table_names: Object[TelemetryTables] = None
    telemetry_profile_id: Text = None
    inference_table_config: Object[Json] = None


class PatchTelemetry(RequestModel):
    telemetry_config: Object[Telemetry] = None


class CreateThroughputEndpoint(RequestModel):
    name: Text = None
    config: Object[EndpointConfig] = None
    tags: Objects[Tag] = None


class CreateEndpoint(CreateThroughputEndpoint, PatchTelemetry, RateLimits):
    description: Text = None
    route_optimized: Flag = None
    ai_gateway: Object[Gateway] = None
    budget_policy_id: Text = None
    email_notifications: Object[Json] = None


class UpdateThroughputConfig(RequestModel):
    config: Object[EndpointConfig] = None


class PatchTags(RequestModel):
    add_tags: Objects[Tag] = None
    delete_tags: Texts = None


class PatchNotifications(RequestModel):
    email_notifications: Object[Json] = None
