"""Secret scopes that a stack creates, for the credentials of its service principals."""

from pydantic import Field

from model_serving.spec.vocabulary.governance import OfOnePrincipal
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import Key


class Reader(OfOnePrincipal):
    """One principal that may read every secret of a scope: exactly one of the three kinds."""

    service_principal: Key | None = Field(
        default=None, description="Key of a service principal of this stack, or an application id."
    )
    user: Key | None = Field(default=None, description="A user's name, which is an email address.")
    group: Key | None = Field(default=None, description="A group's name.")


class SecretScope(Model):
    """A Databricks secret scope that this stack creates, and deletes with all its secrets."""

    readers: list[Reader] = Field(
        default_factory=list,
        description="Who may read its secrets, besides workspace administrators and the identity that creates it.",
    )
