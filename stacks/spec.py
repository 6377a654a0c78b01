"""What can be written in a stack file: the vocabulary of the project, as typed and frozen models.

Field names are Databricks' own where it has one. Nothing here reads a file or knows Pulumi.
"""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

PrincipalKind = Literal["service_principal", "user", "group"]
Level = Literal["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"]
WorkloadSize = Literal["Small", "Medium", "Large"]
WorkloadType = Literal[
    "CPU",
    "CPU_MEDIUM",
    "CPU_LARGE",
    "GPU_SMALL",
    "GPU_MEDIUM",
    "GPU_LARGE",
    "GPU_XLARGE",
    "GPU_XLARGE_8",
    "MULTIGPU_MEDIUM",
]
Entitlement = Literal[
    "allow-cluster-create",
    "allow-instance-pool-create",
    "databricks-sql-access",
    "workspace-access",
    "workspace-consume",
]

ENDPOINT_NAME = r"^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$"
"""Endpoint names as the API takes them: 1-63 letters, digits, - and _, ending in a letter or digit."""

ENTITY_NAME = r"^[a-zA-Z0-9_-]{1,63}$"
"""Served-entity names as the API takes them (they are part of a URL)."""

UNITY_CATALOG_NAME = re.compile(r"^[^.@\s/]+\.[^.@\s/]+\.[^.@\s/]+$")
SECRET_REFERENCE = re.compile(r"^\{\{secrets/[^/\s{}]+/[^/\s{}]+\}\}$")


def _as_text(value: Any) -> Any:
    """A version written as a bare number (`version: 7`) means the text that the API wants."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, StringConstraints(min_length=1)]
Version = Annotated[Text, BeforeValidator(_as_text), StringConstraints(pattern=r"^[1-9][0-9]*$")]
EntityName = Annotated[str, StringConstraints(pattern=ENTITY_NAME)]
EndpointName = Annotated[str, StringConstraints(pattern=ENDPOINT_NAME)]
Percentage = Annotated[int, Field(ge=0, le=100, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class Model(BaseModel):
    """Frozen, and closed: a key that is not in the vocabulary is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExternalModel(Model):
    """A model that another provider serves. Written so that it can be named and refused; see policies/."""

    provider: Text
    name: Text
    task: Text


class ServedEntity(Model):
    """One model version or feature spec behind an endpoint."""

    entity: Text | None = Field(
        default=None,
        description="Unity Catalog model (catalog.schema.model, or catalog.schema.model@Alias) or a model of the"
        " workspace registry.",
    )
    version: Version | None = Field(default=None, description='Model version, for example "7". Not with an alias.')
    feature_spec: Text | None = Field(default=None, description="Unity Catalog feature spec, which has no version.")
    external_model: ExternalModel | None = None
    workload_size: WorkloadSize | None = Field(
        default=None, description="Small 4, Medium 8-16, Large 16-64 concurrent requests."
    )
    workload_type: WorkloadType | None = Field(default=None, description="CPU when not given.")
    scale_to_zero: Flag = Field(
        default=False, description="Saves cost while idle; the next request waits (cold start)."
    )
    min_provisioned_concurrency: int | None = Field(default=None, ge=0)
    max_provisioned_concurrency: int | None = Field(default=None, ge=1)
    min_provisioned_throughput: int | None = Field(default=None, ge=0)
    max_provisioned_throughput: int | None = Field(default=None, ge=0)
    provisioned_model_units: int | None = Field(default=None, ge=0)
    environment_vars: dict[Text, str] = Field(
        default_factory=dict, description="Values, or {{secrets/scope/key}} references for what is secret."
    )
    instance_profile_arn: Text | None = None

    @property
    def model_name(self) -> str:
        """The model's or feature spec's full name, without an alias."""
        return (self.feature_spec or self.entity or "").partition("@")[0]

    @property
    def alias(self) -> str | None:
        """`Champion` of `main.ml.fraud@Champion`."""
        return (self.entity or "").partition("@")[2] or None


class Permission(Model):
    """One level on one endpoint for one principal: exactly one of the three kinds."""

    service_principal: Text | None = Field(
        default=None, description="Key of a service principal of this stack, or an application id."
    )
    user: Text | None = None
    group: Text | None = None
    level: Level

    @property
    def kinds(self) -> list[PrincipalKind]:
        """The kinds of principal that are written; exactly one is right."""
        return [kind for kind in get_args(PrincipalKind) if getattr(self, kind) is not None]

    @property
    def kind(self) -> PrincipalKind:
        return self.kinds[0]

    @property
    def principal(self) -> str:
        """The name that is written under the kind."""
        return str(getattr(self, self.kind))


class InferenceTable(Model):
    """Requests and answers kept in a Delta table. Catalog, schema and prefix can't change later."""

    catalog_name: Text
    schema_name: Text
    table_name_prefix: Text | None = None
    enabled: Flag = True


class RateLimit(Model):
    """Calls (or tokens) a minute, per endpoint, per user, or for one named principal."""

    key: Literal["endpoint", "user", "user_group", "service_principal"]
    calls: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    principal: Text | None = None
    renewal_period: Literal["minute"] = "minute"


class AiGateway(Model):
    inference_table: InferenceTable | None = None
    usage_tracking: Flag | None = None
    rate_limits: list[RateLimit] = Field(default_factory=list)


class EmailNotifications(Model):
    on_update_success: list[Text] = Field(default_factory=list)
    on_update_failure: list[Text] = Field(default_factory=list)


class Endpoint(Model):
    """A serving endpoint with its traffic, permissions and governance."""

    name: EndpointName | None = Field(default=None, description="Name in the workspace; the key, when not given.")
    description: Annotated[str, StringConstraints(max_length=1000)] | None = None
    route_optimized: Flag = Field(
        default=False, description="Chosen when the endpoint is created; it can't be changed later."
    )
    served_entities: dict[EntityName, ServedEntity] = Field(min_length=1)
    traffic: dict[EntityName, Percentage] = Field(
        default_factory=dict,
        description="Percentage by served entity; sums to 100. A sole entity takes 100 when it is left out.",
    )
    permissions: list[Permission] = Field(default_factory=list)
    tags: dict[Text, str] = Field(default_factory=dict)
    budget_policy_id: Text | None = None
    ai_gateway: AiGateway | None = None
    email_notifications: EmailNotifications | None = None
    protect: Flag = Field(default=False, description="Pulumi refuses to delete the endpoint.")
    retain_on_delete: Flag = Field(default=False, description="Pulumi forgets the endpoint instead of deleting it.")

    @property
    def routes(self) -> dict[str, int]:
        """The traffic split in full: what was written, or all to the sole entity."""
        if self.traffic or len(self.served_entities) > 1:
            return dict(self.traffic)
        return dict.fromkeys(self.served_entities, 100)


class OAuthSecret(Model):
    """A client secret that callers sign in with."""

    lifetime: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*s$")] | None = Field(
        default=None, description="In seconds, for example 7776000s; two years when not given."
    )


def _secret_wish(value: Any) -> Any:
    """`oauth_secret: true` means one with Databricks' own defaults, `false` none."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class ServicePrincipal(Model):
    """An identity that calls endpoints."""

    display_name: Text
    entitlements: list[Entitlement] = Field(default_factory=list)
    oauth_secret: Annotated[OAuthSecret | None, BeforeValidator(_secret_wish)] = None


class Stack(Model):
    """Everything that one environment declares."""

    endpoints: dict[Text, Endpoint] = Field(default_factory=dict)
    service_principals: dict[Text, ServicePrincipal] = Field(default_factory=dict)
    name_prefix: str = Field(default="", description="Put before every endpoint's and service principal's name.")
    default_tags: dict[Text, str] = Field(default_factory=dict, description="Tags that every endpoint carries.")
