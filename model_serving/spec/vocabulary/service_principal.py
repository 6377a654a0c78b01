"""Service principals: the callers of endpoints, and the identities that endpoints run as."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import ApplicationId, GrantedName, Key, Ordinal, PlaintextOnly, Seconds, Text

Entitlement = Annotated[
    Literal[
        "allow-cluster-create",
        "allow-instance-pool-create",
        "databricks-sql-access",
        "workspace-access",
        "workspace-consume",
    ],
    PlaintextOnly,
]


class OAuthSecret(Model):
    """A client secret that the principal signs in with."""

    lifetime: Seconds | None = Field(
        default=None, description="In seconds, for example 7776000s; two years when not given."
    )
    generation: Ordinal = Field(
        default=1,
        description="Raise it by one to rotate. The new secret and the one before it are both live, so callers are"
        " never cut off.",
    )


class Grants(Model):
    """What the principal may read in Unity Catalog, and nothing else."""

    tables: list[GrantedName] = Field(
        default_factory=list, description="Gets SELECT on each, with USE CATALOG and USE SCHEMA on the way there."
    )


def _expand_oauth_secret(value: Any) -> Any:
    """`oauth_secret: true` means one with Databricks' own defaults, `false` none."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class BaseServicePrincipal(Model):
    """The fields of a service principal that stack files and programs declare alike."""

    display_name: Text | None = Field(default=None, description="Name of the one to create, after name_prefix.")
    application_id: ApplicationId | None = Field(
        default=None, description="Looks an existing one up instead of creating one."
    )
    entitlements: list[Entitlement] = Field(default_factory=list, description="What it may use of the workspace.")
    oauth_secret: Annotated[
        OAuthSecret | None, BeforeValidator(_expand_oauth_secret, json_schema_input_type=bool | OAuthSecret | None)
    ] = Field(default=None, description="true, or a map, gives it a client secret, which is an output of the stack.")


class ServicePrincipal(BaseServicePrincipal):
    """An identity that calls endpoints or that endpoints run as: a new one, or an existing one by application id."""

    grants: Grants = Field(default=Grants(), description="What it may read in Unity Catalog.")
    serves: list[Key] = Field(
        default_factory=list,
        description="Keys of the endpoints that run as it: it gets USE CATALOG, USE SCHEMA and EXECUTE on the models"
        " that they serve, and nothing else.",
    )
