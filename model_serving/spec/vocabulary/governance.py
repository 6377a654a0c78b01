"""Permissions of an endpoint, what is recorded of its requests, and its notifications."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import Count, Flag, Fraction, ObjectName, PlaintextOnly, Text

PrincipalKind = Literal["service_principal", "user", "group"]
Level = Annotated[Literal["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"], PlaintextOnly]
Period = Annotated[Literal["minute"], PlaintextOnly]
LimitKey = Annotated[Literal["endpoint", "user", "user_group", "service_principal"], PlaintextOnly]


class OfOnePrincipal(Model):
    """Something that is for one principal, which one field of the three kinds names."""

    @property
    def kinds(self) -> list[PrincipalKind]:
        """The kinds of principal that are given; exactly one is valid."""
        return [kind for kind in get_args(PrincipalKind) if getattr(self, kind) is not None]

    @property
    def kind(self) -> PrincipalKind:
        return self.kinds[0]

    @property
    def principal(self) -> str:
        """The principal's name, a Secret or an output if it was given as one."""
        name: str = getattr(self, self.kind)
        return name


class Permission(OfOnePrincipal):
    """One level on one endpoint for one principal: exactly one of the three kinds."""

    service_principal: Text | None = Field(
        default=None,
        serialization_alias="servicePrincipalName",
        description="Key of a service principal of this stack, or an application id.",
    )
    user: Text | None = Field(
        default=None, serialization_alias="userName", description="A user's name, which is an email address."
    )
    group: Text | None = Field(default=None, serialization_alias="groupName", description="A group's name.")
    level: Level = Field(
        serialization_alias="permissionLevel",
        description="CAN_VIEW reads its settings, CAN_QUERY also sends requests, CAN_MANAGE also changes it.",
    )


class InferenceTable(Model):
    """Requests and responses in a Delta table. Catalog, schema and prefix can't change later."""

    catalog_name: Text = Field(description="Catalog of the table.")
    schema_name: Text = Field(description="Schema of the table.")
    table_name_prefix: Text | None = Field(
        default=None, description="Prefix of the table's name; by default the endpoint's name."
    )
    enabled: Flag = Field(
        default=True,
        description="false stops recording in the AI gateway's table. Under auto_capture, false is rejected.",
    )


class RateLimit(Model):
    """Calls or tokens per minute: for the whole endpoint, for each user, or for one principal."""

    key: LimitKey = Field(description="What the limit applies to.")
    calls: Count | None = Field(default=None, description="Maximum calls per period.")
    tokens: Count | None = Field(default=None, description="Maximum tokens per period.")
    principal: Text | None = Field(
        default=None,
        description="The user, group or service principal (key of this stack, or application id) that is limited."
        " With key `user` the default is each user.",
    )
    renewal_period: Period = Field(default="minute", description="The only period of the API.")


class AiGateway(Model):
    """The AI gateway of an endpoint."""

    inference_table: InferenceTable | None = Field(
        default=None,
        serialization_alias="inferenceTableConfig",
        description="Records requests and responses in a table.",
    )
    usage_tracking: Flag | None = Field(
        default=None,
        serialization_alias="usageTrackingConfig.enabled",
        description="Records usage in Databricks' system tables.",
    )
    rate_limits: list[RateLimit] = Field(default_factory=list, description="Requests over a limit get status 429.")


class TelemetryTable(Model):
    """The table of requests and responses that telemetry writes."""

    name: ObjectName | None = Field(default=None, description="Full name, catalog.schema.table.")
    sampling_fraction: Fraction | None = Field(
        default=None, description="Fraction of requests to record, from 0.0 to 1.0."
    )


class TelemetryTables(Model):
    """The tables that a new telemetry profile writes to, by full name."""

    annotations_table: ObjectName | None = Field(default=None, description="Table of annotations.")
    logs_table: ObjectName | None = Field(default=None, description="Table of logs.")
    metrics_table: ObjectName | None = Field(default=None, description="Table of metrics.")
    traces_table: ObjectName | None = Field(default=None, description="Table of traces.")


class TelemetryConfig(Model):
    """Logs, traces, metrics and requests of a custom model, exported to Unity Catalog."""

    inference_table_config: TelemetryTable | None = Field(default=None, description="Records requests and responses.")
    table_names: TelemetryTables | None = Field(
        default=None, description="Creates a telemetry profile of these tables."
    )
    telemetry_profile_id: Text | None = Field(
        default=None, description="An existing telemetry profile, instead of table_names."
    )


class EmailNotifications(Model):
    """Email notifications of Databricks after an update of the endpoint."""

    on_update_success: list[Text] = Field(default_factory=list, description="Email addresses.")
    on_update_failure: list[Text] = Field(default_factory=list, description="Email addresses.")
