"""The arguments of the components: the models of the vocabulary, and what only a program can set.

Fields, defaults and limits are those of a stack file (docs/stack-files.md). Text may also be a `pulumi.Output`, which
is accepted unchecked. Wrong arguments raise ValueError with every problem and its field.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import Field, ValidationError

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import dotted
from model_serving.spec.validation.messages import explain
from model_serving.spec.validation.stack_rules import endpoint_problems, principal_problems
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.stack import (
    AiGateway,
    BaseEndpoint,
    BaseServicePrincipal,
    OAuthSecret,
    Permission,
    RateLimit,
    ServedEntity,
)
from model_serving.spec.vocabulary.types import EndpointName, Flag, GrantedName, Text


def _validate(self: Model, **fields: Any) -> None:
    """Raise ValueError for wrong arguments. Typed as `Any`, because a type checker knows the fields as plain text."""
    try:
        Model.__init__(self, **fields)
    except ValidationError as error:
        details = [(tuple(detail["loc"]), detail) for detail in error.errors(include_url=False)]
        raise _error(self, [(path, *explain(detail, path, type(self))) for path, detail in details]) from None


def _error(args: Model, problems: Iterable[Problem]) -> ValueError:
    lines = [f"{dotted(path)}: {message}. {hint}" if path else f"{message}. {hint}" for path, message, hint in problems]
    return ValueError("\n".join([f"Invalid {type(args).__name__}:", *lines]))


class ServedEntityArgs(ServedEntity):
    """A model version or feature spec. An alias in `entity` (`main.ml.fraud@Champion`) is resolved at preview."""

    __init__ = _validate


class PermissionArgs(Permission):
    """One permission level for one principal. A service principal is named by its application id."""

    __init__ = _validate


class RateLimitArgs(RateLimit):
    """Calls or tokens a minute. `key` is endpoint, user, user_group or service_principal."""

    __init__ = _validate


class AiGatewayArgs(AiGateway):
    """The AI gateway of an endpoint."""

    __init__ = _validate


class OAuthSecretArgs(OAuthSecret):
    """A client secret. To rotate it, raise `generation` by one: the secret before it stays live."""

    __init__ = _validate


class ServingEndpointArgs(BaseEndpoint):
    """A serving endpoint. Only `name` and `served_entities` are required.

    Raises ValueError where fields contradict each other.
    """

    name: EndpointName = Field(description="Name in the workspace.")
    host: Text | None = Field(
        default=None,
        exclude=True,
        description="The workspace's URL, for the URL of an endpoint that is not route optimized. By default that of"
        " the provider, the stack's configuration or the environment.",
    )
    preflight: Flag = Field(
        default=True,
        exclude=True,
        description="Asks the workspace for what the endpoint needs. Without it, aliases can't be resolved.",
    )
    deployer: Text | None = Field(
        default=None,
        exclude=True,
        description="The identity that deploys: it keeps its access where `permissions` is an empty list.",
    )
    adopt: Flag = Field(
        default=False,
        exclude=True,
        description="Imports the live endpoint of this name instead of creating one. No effect where the state has it.",
    )

    def __init__(self, **fields: Any) -> None:
        _validate(self, **fields)
        if problems := [*endpoint_problems(self, ())]:
            raise _error(self, problems)


class ServicePrincipalArgs(BaseServicePrincipal):
    """A new service principal (`display_name`) or an existing one (`application_id`).

    It is granted `execute`, `select`, USE CATALOG and USE SCHEMA on the way to them, and nothing else.
    """

    execute: list[GrantedName] = Field(
        default_factory=list, description="Models and feature specs that its own endpoints serve."
    )
    select: list[GrantedName] = Field(default_factory=list, description="Tables that it reads.")

    def __init__(self, **fields: Any) -> None:
        _validate(self, **fields)
        if problems := [*principal_problems(self, ())]:
            raise _error(self, problems)
