"""Service principals: the callers of endpoints, and the identities that endpoints run as."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from model_serving.spec.vocabulary.delivery import Delivery
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
    """An OAuth client secret of the principal."""

    lifetime: Seconds | None = Field(
        default=None, description="In seconds, for example 7776000s; two years by default."
    )
    generation: Ordinal = Field(
        default=1,
        description="Raise it by one to rotate. The new secret and the previous one are both valid, so callers don't"
        " lose access.",
    )
    deliver: Delivery | None = Field(
        default=None, description="Where the application id and the secret are delivered, so that nobody copies them."
    )


class Grants(Model):
    """Grants of the principal in Unity Catalog."""

    tables: list[GrantedName] = Field(
        default_factory=list,
        description="It gets SELECT on each, and USE CATALOG and USE SCHEMA on their catalogs and schemas.",
    )


def _expand_oauth_secret(value: Any) -> Any:
    """`true` as a secret with Databricks' defaults, `false` as none."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class BaseServicePrincipal(Model):
    """The fields of a service principal in both stack files and programs."""

    display_name: Text | None = Field(default=None, description="Creates one of this name, after name_prefix.")
    application_id: ApplicationId | None = Field(
        default=None, description="Uses an existing one instead of creating one."
    )
    entitlements: list[Entitlement] = Field(default_factory=list, description="Entitlements in the workspace.")
    oauth_secret: Annotated[
        OAuthSecret | None, BeforeValidator(_expand_oauth_secret, json_schema_input_type=bool | OAuthSecret | None)
    ] = Field(default=None, description="Creates a client secret, which is an output of the stack: true, or a map.")


class ServicePrincipal(BaseServicePrincipal):
    """An identity that calls endpoints or that endpoints run as: a new one, or an existing one by application id."""

    grants: Grants = Field(default=Grants(), description="Tables that it may read in Unity Catalog.")
    serves: list[Key] = Field(
        default_factory=list,
        description="Keys of the endpoints that run as it: it gets USE CATALOG, USE SCHEMA and EXECUTE on the models"
        " that they serve, and nothing else.",
    )
