"""The fields of a serving endpoint that stack files and programs share."""

from pydantic import Field

from model_serving.databricks.limits import DESCRIPTION_LENGTH, REQUESTS_PER_SECOND, SERVED_ENTITIES
from model_serving.spec.vocabulary.governance import (
    AiGateway,
    EmailNotifications,
    InferenceTable,
    Permission,
    TelemetryConfig,
)
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.served_entity import ServedEntity
from model_serving.spec.vocabulary.types import (
    AnyText,
    Description,
    EndpointName,
    EntityName,
    Flag,
    Key,
    Percentage,
    Text,
)


class EndpointFields(Model):
    """The fields of a serving endpoint that its predecessor has too."""

    name: EndpointName | None = Field(
        default=None, description="Name in the workspace, after name_prefix; by default the key."
    )
    description: Description | None = Field(default=None, description=f"Up to {DESCRIPTION_LENGTH.value} characters.")
    route_optimized: Flag = Field(
        default=False,
        description="Chosen when the endpoint is created; later, `model-serving migrate` creates a successor. true pays"
        f" off for over about {REQUESTS_PER_SECOND.value} requests a second, or where each millisecond counts; its"
        " callers need OAuth tokens.",
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


class BaseEndpoint(EndpointFields):
    """The fields of a serving endpoint in both stack files and programs."""

    replace_id: Text | None = Field(
        default=None,
        exclude=True,
        description="Id of the live endpoint that may be deleted: to be created again with an outage, or as a"
        " predecessor that is still called. In the stack's own file only. It allows nothing else, and nothing once that"
        " endpoint is deleted.",
    )
