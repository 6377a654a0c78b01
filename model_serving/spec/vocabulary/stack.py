"""The vocabulary of a stack file, as typed and frozen models.

Fields have the REST API's names or shorter ones; `serialization_alias` is the Databricks provider's name (see `Model`).
Nothing here reads a file or imports Pulumi.
"""

from typing import Any

from pydantic import Field, model_validator

from model_serving.spec.vocabulary.delivery import Delivery, GitHubDelivery, GitLabDelivery, ScopeDelivery
from model_serving.spec.vocabulary.endpoint import BaseEndpoint
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
from model_serving.spec.vocabulary.predecessor import Predecessor, whole_predecessor
from model_serving.spec.vocabulary.prices import Prices
from model_serving.spec.vocabulary.quantities import Duration
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
    Flag,
    Identity,
    Key,
    NamePrefix,
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
    "Predecessor",
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
    predecessor: Predecessor | None = Field(
        default=None,
        exclude=True,
        description="The endpoint that this one, its successor, replaces. Both are live until this key is removed:"
        " docs/migration.md.",
    )

    @model_validator(mode="before")
    @classmethod
    def _complete_predecessor(cls, data: Any) -> Any:
        """Give the predecessor what it takes from the endpoint, so that both are validated whole."""
        if isinstance(data, dict) and isinstance(data.get("predecessor"), dict):
            return {**data, "predecessor": whole_predecessor(data, data["predecessor"])}
        return data


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
    predecessor_quiet: Duration = Field(
        default=Duration(3600),
        description="How long nobody may have called a predecessor before it can be removed.",
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
