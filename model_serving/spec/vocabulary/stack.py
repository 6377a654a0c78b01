"""The vocabulary of a stack file, as typed and frozen models.

Fields have the REST API's names or shorter ones; `serialization_alias` is the Databricks provider's name (see `Model`).
Nothing here reads a file or imports Pulumi.
"""

from pydantic import Field

from model_serving.databricks.limits import DESCRIPTION_LENGTH, REQUESTS_PER_SECOND, SERVED_ENTITIES
from model_serving.spec.vocabulary.delivery import Delivery, GitHubDelivery, GitLabDelivery, ScopeDelivery
from model_serving.spec.vocabulary.expected_load import ExpectedLoad
from model_serving.spec.vocabulary.governance import (
    AiGateway,
    EmailNotifications,
    InferenceTable,
    Level,
    Permission,
    PrincipalKind,
    RateLimit,
    TelemetryConfig,
    TelemetryTable,
    TelemetryTables,
)
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.prices import Prices
from model_serving.spec.vocabulary.rollout import Rollout
from model_serving.spec.vocabulary.secret_scope import Reader, SecretScope
from model_serving.spec.vocabulary.served_entity import ExternalModel, ServedEntity, WorkloadSize, WorkloadType
from model_serving.spec.vocabulary.service_principal import (
    BaseServicePrincipal,
    Entitlement,
    Grants,
    OAuthSecret,
    ServicePrincipal,
)
from model_serving.spec.vocabulary.smoke import SmokeRequest
from model_serving.spec.vocabulary.types import (
    AnyText,
    Description,
    EndpointName,
    EntityName,
    Flag,
    Identity,
    Key,
    NamePrefix,
    Percentage,
    SecretKey,
    Setting,
    Text,
)
from model_serving.spec.vocabulary.waiver import Waiver

__all__ = [
    "AiGateway",
    "BaseEndpoint",
    "BaseServicePrincipal",
    "Delivery",
    "EmailNotifications",
    "Endpoint",
    "Entitlement",
    "ExpectedLoad",
    "ExternalModel",
    "GitHubDelivery",
    "GitLabDelivery",
    "Grants",
    "InferenceTable",
    "Level",
    "OAuthSecret",
    "Permission",
    "Prices",
    "PrincipalKind",
    "RateLimit",
    "Reader",
    "Rollout",
    "ScopeDelivery",
    "SecretScope",
    "ServedEntity",
    "ServicePrincipal",
    "SmokeRequest",
    "Stack",
    "TelemetryConfig",
    "TelemetryTable",
    "TelemetryTables",
    "Waiver",
    "WorkloadSize",
    "WorkloadType",
]


class BaseEndpoint(Model):
    """The fields of a serving endpoint in both stack files and programs."""

    name: EndpointName | None = Field(
        default=None, description="Name in the workspace, after name_prefix; by default the key."
    )
    description: Description | None = Field(default=None, description=f"Up to {DESCRIPTION_LENGTH.value} characters.")
    route_optimized: Flag = Field(
        default=False,
        description="Chosen when the endpoint is created; it can't be changed later. true pays off for over about"
        f" {REQUESTS_PER_SECOND.value} requests a second, or where each millisecond counts; its callers need OAuth"
        " tokens.",
    )
    served_entities: dict[EntityName, ServedEntity] = Field(
        min_length=1,
        serialization_alias="config.servedEntities",
        description=f"Served entities by name: letters, digits, - and _. At most {SERVED_ENTITIES.value}.",
    )
    traffic: dict[EntityName, Percentage] = Field(
        default_factory=dict,
        serialization_alias="config.trafficConfig",
        description="Percentage by served entity, 100 in total. A single entity needs none.",
    )
    permissions: list[Permission] | None = Field(
        default=None,
        serialization_alias="accessControls",
        exclude=True,  # an input of databricks.Permissions, or of EndpointAccess
        description="The whole list of permissions; an empty list removes everyone but administrators and whoever"
        " deploys. Without the key, permissions are not managed.",
    )
    tags: dict[Key, AnyText] = Field(default_factory=dict, description="Added to default_tags; these take precedence.")
    budget_policy_id: Text | None = Field(default=None, description="Budget policy for its cost.")
    ai_gateway: AiGateway | None = Field(
        default=None, description="Inference table, usage tracking and rate limits of the AI gateway."
    )
    auto_capture: InferenceTable | None = Field(
        default=None,
        serialization_alias="config.autoCaptureConfig",
        description="The older inference table, part of the endpoint's config. Its catalog, schema and prefix can't"
        " change later.",
    )
    telemetry_config: TelemetryConfig | None = Field(
        default=None, description="Logs, traces and metrics exported to Unity Catalog."
    )
    email_notifications: EmailNotifications | None = Field(
        default=None, description="Email notifications after an update."
    )
    stopped: Flag = Field(
        default=False,
        exclude=True,  # an input of EndpointStop
        description="true stops the endpoint: it runs on no compute, and every request gets 400. Custom models only."
        " Removing it starts the endpoint. Without true, Pulumi neither stops nor starts it.",
    )
    replace_id: Text | None = Field(
        default=None,
        exclude=True,
        description="Id of the live endpoint that may be deleted and created again, for a change that can't be made"
        " without an outage. In the stack's own file only. It allows nothing else, and nothing once that endpoint is"
        " deleted.",
    )

    @property
    def granted(self) -> list[Permission]:
        """The declared permissions; empty, too, where permissions are not managed."""
        return self.permissions or []

    @property
    def routes(self) -> dict[str, int]:
        """The whole traffic split: as declared, or all to the sole entity."""
        if self.traffic or len(self.served_entities) > 1:
            return dict(self.traffic)
        return dict.fromkeys(self.served_entities, 100)


class Endpoint(BaseEndpoint):
    """A serving endpoint with its traffic, permissions and governance."""

    smoke: list[SmokeRequest] = Field(
        default_factory=list,
        exclude=True,
        description="Requests that test the endpoint after a deployment.",
    )
    expected: ExpectedLoad | None = Field(
        default=None,
        exclude=True,
        description="Load that it is sized for. Reviews and the rule `enough-capacity` compare it with the provisioned"
        " concurrency.",
    )
    rollout: Rollout | None = Field(
        default=None,
        exclude=True,
        description="How `model-serving deploy` gets the traffic from the live split to the declared one, in steps.",
    )
    adopt_id: Text | None = Field(
        default=None,
        exclude=True,
        description="Id of the live endpoint of this name that the next `up` takes under management instead of creating"
        " one. What is declared must be what is live. In the stack's own file only. It has no effect once the endpoint"
        " is in the state.",
    )
    default_tags: Flag = Field(
        default=True,
        exclude=True,
        description="false leaves out the stack's default_tags, as for an adopted endpoint that doesn't have them.",
    )
    protect: Flag = Field(default=False, exclude=True, description="Pulumi doesn't delete the endpoint.")
    retain_on_delete: Flag = Field(
        default=False, exclude=True, description="Pulumi removes the endpoint from the state instead of deleting it."
    )


class Stack(Model):
    """The settings of one environment."""

    endpoints: dict[Key, Endpoint] = Field(default_factory=dict, description="Serving endpoints, by a key.")
    service_principals: dict[Key, ServicePrincipal] = Field(
        default_factory=dict, description="Service principals, by a key that permissions refer to."
    )
    secret_scopes: dict[SecretKey, SecretScope] = Field(
        default_factory=dict,
        description="Secret scopes that the stack creates, by name, after name_prefix: for `deliver` of an OAuth"
        " secret.",
    )
    name_prefix: NamePrefix = Field(
        default="", description="Prefix of the names of endpoints, created service principals and secret scopes."
    )
    default_tags: dict[Key, AnyText] = Field(
        default_factory=dict, description="Tags of every endpoint without `default_tags: false`."
    )
    after: list[Key] = Field(
        default_factory=list,
        description="Stacks that the pipeline deploys before this one. Only in the stack's own file.",
    )
    deployer: Identity | None = Field(
        default=None,
        description="Identity that deploys: the application id of a service principal, or a user name. Reviews by"
        " others judge its privileges, and expect its own CAN_MANAGE on the endpoints; by default their creator's.",
    )
    waivers: dict[Key, Waiver] = Field(
        default_factory=dict,
        description="Exceptions from rules of the policy pack, by a name. In base.yaml they apply to every stack.",
    )
    prices: Prices = Field(default_factory=Prices, description="What a DBU costs, for figures of cost.")
    policies: dict[Key, Setting] = Field(
        default_factory=dict,
        description="Levels and settings of the policy rules, by rule; `production` has the stacks that count as"
        " production. docs/policies.md has all rules and settings.",
    )
