"""What an endpoint and a service principal are to be: the arguments of the components.

Names and meanings are those of a stack file (`model_serving.spec.vocabulary.stack`), whose models stand here wherever
all of a value is known when the program is written. What may come from another resource is a `pulumi.Input`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model_serving.spec.vocabulary.stack import (
    EmailNotifications,
    Entitlement,
    ExternalModel,
    InferenceTable,
    Level,
    PrincipalKind,
    TelemetryConfig,
    WorkloadSize,
    WorkloadType,
)

if TYPE_CHECKING:  # review imports this module, without Pulumi
    import pulumi

    Text = pulumi.Input[str]
else:
    Text = Any


@dataclass(frozen=True)
class ServedEntityArgs:
    """A model version or feature spec. `entity` may end in `@Alias`, which becomes the version it names at preview."""

    entity: Text | None = None
    version: Text | None = None
    feature_spec: Text | None = None
    external_model: ExternalModel | None = None
    workload_size: WorkloadSize | None = None
    workload_type: WorkloadType | None = None
    scale_to_zero: bool = False
    min_provisioned_concurrency: int | None = None
    max_provisioned_concurrency: int | None = None
    burst_scaling: bool | None = None
    min_provisioned_throughput: int | None = None
    max_provisioned_throughput: int | None = None
    provisioned_model_units: int | None = None
    environment_vars: Mapping[str, Text] = field(default_factory=dict)
    instance_profile_arn: Text | None = None


@dataclass(frozen=True)
class PermissionArgs:
    """One permission level for one principal. A service principal is named by its application id."""

    kind: PrincipalKind
    principal: Text
    level: Level


@dataclass(frozen=True)
class RateLimitArgs:
    """Calls or tokens a minute. `key` is endpoint, user, user_group or service_principal."""

    key: str
    calls: int | None = None
    tokens: int | None = None
    principal: Text | None = None
    renewal_period: str = "minute"


@dataclass(frozen=True)
class AiGatewayArgs:
    """The AI gateway of an endpoint."""

    inference_table: InferenceTable | None = None
    usage_tracking: bool | None = None
    rate_limits: Sequence[RateLimitArgs] = ()


@dataclass(frozen=True)
class ServingEndpointArgs:
    """What an endpoint is to be. Only `name` and `served_entities` must be given.

    `traffic` is a percentage by served entity and sums to 100; a sole entity takes 100 when it is left out. `host` is
    the workspace's URL, for the address of an endpoint that is not route optimized; it need not be given where it is
    in the stack's configuration, the provider or the environment. `preflight=False` skips asking the workspace for
    what the endpoint needs; aliases can't be resolved then. `replace_id` allows the replacement of the one live
    endpoint that has this id. `adopt` takes the live endpoint of this name into the state instead of creating one; it
    has no effect where the state has the endpoint.
    """

    name: str
    served_entities: Mapping[str, ServedEntityArgs]
    traffic: Mapping[str, int] = field(default_factory=dict)
    route_optimized: bool = False
    description: Text | None = None
    permissions: Sequence[PermissionArgs] = ()
    tags: Mapping[str, Text] = field(default_factory=dict)
    budget_policy_id: Text | None = None
    ai_gateway: AiGatewayArgs | None = None
    auto_capture: InferenceTable | None = None
    telemetry_config: TelemetryConfig | None = None
    email_notifications: EmailNotifications | None = None
    host: Text | None = None
    replace_id: str | None = None
    preflight: bool = True
    adopt: bool = False


@dataclass(frozen=True)
class OAuthSecretArgs:
    """A client secret. Raising `generation` by one makes a new one and keeps the one before; `lifetime` in seconds."""

    lifetime: str | None = None
    generation: int = 1


@dataclass(frozen=True)
class ServicePrincipalArgs:
    """A new service principal (`display_name`) or an existing one (`application_id`): exactly one of the two.

    `execute` names the models and feature specs that endpoints of its own serve, `select` the tables it reads: it is
    granted these, the way to them, and nothing else.
    """

    display_name: Text | None = None
    application_id: Text | None = None
    entitlements: Sequence[Entitlement] = ()
    oauth_secret: OAuthSecretArgs | None = None
    execute: Sequence[str] = ()
    select: Sequence[str] = ()
