"""Where the credentials of a service principal are delivered: a Databricks secret scope, GitHub or GitLab."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import (
    EnvironmentName,
    Flag,
    ProjectPath,
    Repository,
    ScopeName,
    SecretKey,
    VariableName,
)


def _expand_scope(value: Any) -> Any:
    """The name of a scope as a delivery with the default keys."""
    return {"scope": value} if isinstance(value, str) else value


class ScopeDelivery(Model):
    """Two keys of a Databricks secret scope. `up` writes them, and overwrites them when the secret is rotated."""

    scope: ScopeName = Field(
        description="A scope of this stack (secret_scopes), or an existing one that the deploying identity may write."
    )
    client_id: SecretKey | None = Field(
        default=None,
        description="Key for the application id; by default the principal's key, after name_prefix, and `-client-id`.",
    )
    client_secret: SecretKey | None = Field(
        default=None,
        description="Key for the secret; by default the principal's key, after name_prefix, and `-client-secret`.",
    )


class GitHubDelivery(Model):
    """A secret and a variable of a GitHub environment. `model-serving ci deliver-secrets` writes them."""

    repository: Repository = Field(description="The repository, as owner/name.")
    environment: EnvironmentName = Field(description="An environment that the repository has.")
    client_id: VariableName = Field(default="DATABRICKS_CLIENT_ID", description="Variable for the application id.")
    client_secret: VariableName = Field(default="DATABRICKS_CLIENT_SECRET", description="Secret for the secret.")


class GitLabDelivery(Model):
    """Two CI/CD variables of a GitLab project. `model-serving ci deliver-secrets` writes them."""

    project: ProjectPath = Field(description="The project, as group/name.")
    environment_scope: EnvironmentName = Field(default="*", description="The environments that get the variables.")
    client_id: VariableName = Field(default="DATABRICKS_CLIENT_ID", description="Variable for the application id.")
    client_secret: VariableName = Field(
        default="DATABRICKS_CLIENT_SECRET", description="Variable for the secret, masked and hidden."
    )
    protected: Flag = Field(default=True, description="Only jobs of protected branches and tags get the variables.")


class Delivery(Model):
    """Where the principal's application id and newest secret are delivered: one place at least."""

    secret_scope: Annotated[
        ScopeDelivery | None, BeforeValidator(_expand_scope, json_schema_input_type=str | ScopeDelivery | None)
    ] = Field(default=None, description="A Databricks secret scope: its name, or a map.")
    github: GitHubDelivery | None = Field(default=None, description="An environment of a GitHub repository.")
    gitlab: GitLabDelivery | None = Field(default=None, description="A GitLab project.")

    @property
    def forge_places(self) -> dict[str, Any]:
        """The places on GitHub and GitLab as plain maps, with names that are not taken for those of credentials."""
        places = {"github": self.github, "gitlab": self.gitlab}
        return {forge: _renamed(place.model_dump()) for forge, place in places.items() if place}


def _renamed(place: dict[str, Any]) -> dict[str, Any]:
    """A review hides the value of a field called `client_secret`, and here that is only a name."""
    names = {"client_id": "client_id_name", "client_secret": "client_secret_name"}
    return {names.get(field, field): value for field, value in place.items()}
