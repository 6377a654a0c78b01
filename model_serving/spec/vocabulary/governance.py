"""Permissions of an endpoint, what is recorded of its requests, and its notifications."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import Count, Flag, Fraction, ObjectName, PlaintextOnly, Text

PrincipalKind = Literal["service_principal", "user", "group"]
Level = Annotated[Literal["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"], PlaintextOnly]
Period = Annotated[Literal["minute"], PlaintextOnly]
LimitKey = Annotated[Literal["endpoint", "user", "user_group", "service_principal"], PlaintextOnly]


class Permission(Model):
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
        description="CAN_VIEW sees it, CAN_QUERY also calls it, CAN_MANAGE also changes it.",
    )

    @property
    def kinds(self) -> list[PrincipalKind]:
        """The kinds of principal that are given; exactly one is valid."""
        return [kind for kind in get_args(PrincipalKind) if getattr(self, kind) is not None]

    @property
    def kind(self) -> PrincipalKind:
        return self.kinds[0]

    @property
    def principal(self) -> str:
        """The principal's name."""
        return str(getattr(self, self.kind))


class InferenceTable(Model):
    """Requests and answers kept in a Delta table. Catalog, schema and prefix can't change later."""

    catalog_name: Text = Field(description="Catalog of the table.")
    schema_name: Text = Field(description="Schema of the table.")
    table_name_prefix: Text | None = Field(
        default=None, description="Begins the table's name; the endpoint's name when not given."
    )
    enabled: Flag = Field(default=True, description="Once disabled, an older inference table can't be enabled again.")


class RateLimit(Model):
    """Calls or tokens a minute: for the whole endpoint, for each user, or for one named principal."""

    key: LimitKey = Field(description="What the limit counts by.")
    calls: Count | None = Field(default=None, description="Most calls in the period.")
    tokens: Count | None = Field(default=None, description="Most tokens in the period.")
    principal: Text | None = Field(
        default=None,
        description="The user, group or service principal (key of this stack, or application id) that is limited."
        " With key user: each user when not given.",
    )
    renewal_period: Period = Field(default="minute", description="The API knows no other.")


class AiGateway(Model):
    """Governance of an endpoint's requests by Databricks' AI gateway."""

    inference_table: InferenceTable | None = Field(
        default=None,
        serialization_alias="inferenceTableConfig",
        description="Keeps requests and answers in a table.",
    )
    usage_tracking: Flag | None = Field(
        default=None,
        serialization_alias="usageTrackingConfig.enabled",
        description="Writes usage into Databricks' system tables.",
    )
    rate_limits: list[RateLimit] = Field(default_factory=list, description="Refuses calls over a limit (status 429).")


class TelemetryTable(Model):
    """The table that telemetry keeps requests and answers in."""

    name: ObjectName | None = Field(default=None, description="Full name, catalog.schema.table.")
    sampling_fraction: Fraction | None = Field(default=None, description="Share of requests to keep, from 0.0 to 1.0.")


class TelemetryTables(Model):
    """The tables that a new telemetry profile writes to, by full name."""

    annotations_table: ObjectName | None = Field(default=None, description="Table of annotations.")
    logs_table: ObjectName | None = Field(default=None, description="Table of logs.")
    metrics_table: ObjectName | None = Field(default=None, description="Table of metrics.")
    traces_table: ObjectName | None = Field(default=None, description="Table of traces.")


class TelemetryConfig(Model):
    """Logs, traces, metrics and requests of a custom model's endpoint, exported to Unity Catalog."""

    inference_table_config: TelemetryTable | None = Field(default=None, description="Keeps requests and answers.")
    table_names: TelemetryTables | None = Field(default=None, description="Makes a telemetry profile of these tables.")
    telemetry_profile_id: Text | None = Field(
        default=None, description="An existing telemetry profile, instead of table_names."
    )


class EmailNotifications(Model):
    """Whom Databricks writes to after an update of the endpoint."""

    on_update_success: list[Text] = Field(default_factory=list, description="Email addresses.")
    on_update_failure: list[Text] = Field(default_factory=list, description="Email addresses.")
