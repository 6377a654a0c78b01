"""The single values that a stack file is made of: texts, names, versions, flags and numbers, with their limits.

Every text may be a Secret, and stays one: `Text`, `AnyText` and what is built on them. In a program it may also be an
output of another resource (`pulumi.Output`). A secret or output whose text is not known is accepted unchecked.
"""

from typing import Annotated, Any, Final

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from model_serving.databricks.limits import DESCRIPTION_LENGTH, NAME_LENGTH
from model_serving.spec.files.secrets import Secret, is_output, is_unknown

ENDPOINT_NAME: Final = rf"^[a-zA-Z0-9]([a-zA-Z0-9_-]{{0,{NAME_LENGTH.value - 2}}}[a-zA-Z0-9])?$"
"""Endpoint names as the API takes them: letters, digits, - and _, ending in a letter or digit."""

ENTITY_NAME: Final = rf"^[a-zA-Z0-9_-]{{1,{NAME_LENGTH.value}}}$"
"""Served-entity names as the API takes them (they are part of a URL)."""

OBJECT_NAME: Final = r"^[^.@\s/]+\.[^.@\s/]+\.[^.@\s/]+$"
"""The full name of something in Unity Catalog: catalog.schema.name."""

APPLICATION_ID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
IDENTITY: Final = r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^@\s]+@[^@\s]+)$"
"""What Databricks calls an identity in lists of permissions: an application id, or a user name, which is an address."""

VERSION: Final = r"^[1-9][0-9]*$"
SECONDS: Final = r"^[1-9][0-9]*s$"

SCOPE_NAME: Final = r"^[A-Za-z0-9_.@/-]{1,128}$"
"""Names of secret scopes and of their keys. Source: Databricks provider, secrets/resource_secret_scope.go."""

REPOSITORY: Final = r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]+$"
PROJECT_PATH: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$"
VARIABLE_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,250}$"
"""Names of secrets and variables that GitHub, GitLab and shells accept, with room for what is added to them."""

SECURE: Final = {
    "type": "object",
    "description": "A secret, as `pulumi config set --secret --path` writes it.",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}
"""An encrypted value, as JSON Schema."""

_VERSION_SCHEMA: Final = {"anyOf": [{"type": "string", "pattern": VERSION}, {"type": "integer", "minimum": 1}]}


def refused(message: str, hint: str) -> PydanticCustomError:
    """The error for a value that a check of our own refuses. The message follows the value."""
    return PydanticCustomError("refused", "is refused", {"message": message, "hint": hint})


def _as_text(value: Any) -> Any:
    """The text that the API takes for a version written as a bare number (`version: 7`)."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _keep_secret(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Pydantic turns a subclass of str into a plain one; a Secret passes the checks and stays a Secret."""
    if is_unknown(value):
        return value
    checked = check(value)
    return value if isinstance(value, Secret) else checked


class _MayBeSecret:
    """Lets a type of text be a Secret, written as `{secure: v1:...}`, or an output."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_keep_secret, handler(source))

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(schema), SECURE]}


def _refuse_secret(value: Any) -> Any:
    if isinstance(value, Secret):
        raise PydanticCustomError("secret", "can't be secret")
    return value


def _keep_output(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return value if is_output(value) else check(value)


MayBeOutput = WrapValidator(_keep_output)
"""For plaintext values that a program may give as an output of another resource."""

PlaintextOnly = BeforeValidator(_refuse_secret)
"""For values that are stored in plaintext and can't be secret: words of a closed list, days, names, keys."""


def _refuse_secret_inside(value: Any) -> Any:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in (value, *children):
        _refuse_secret(each)
    return value


Setting = Annotated[Any, BeforeValidator(_refuse_secret_inside)]
"""A value of any kind, or a map or a list of such values, in plaintext."""

AnyText = Annotated[str, _MayBeSecret]
Text = Annotated[str, StringConstraints(min_length=1), _MayBeSecret]
Description = Annotated[str, StringConstraints(max_length=DESCRIPTION_LENGTH.value), _MayBeSecret]
Version = Annotated[
    str, StringConstraints(pattern=VERSION), BeforeValidator(_as_text), WithJsonSchema(_VERSION_SCHEMA), _MayBeSecret
]
ObjectName = Annotated[str, StringConstraints(pattern=OBJECT_NAME), _MayBeSecret]
ApplicationId = Annotated[str, StringConstraints(pattern=APPLICATION_ID), _MayBeSecret]
Identity = Annotated[str, StringConstraints(pattern=IDENTITY), PlaintextOnly]
"""Names of callers are shown in access lists and reports."""

Seconds = Annotated[str, StringConstraints(pattern=SECONDS), _MayBeSecret]
EndpointName = Annotated[str, StringConstraints(pattern=ENDPOINT_NAME), PlaintextOnly]
NamePrefix = Annotated[str, PlaintextOnly]
"""An endpoint's name is its id in Pulumi's state, in plaintext."""

GrantedName = Annotated[str, StringConstraints(pattern=OBJECT_NAME), PlaintextOnly]
"""The securable of a grant is part of the grant's id in Pulumi's state, in plaintext."""

Key = Annotated[str, StringConstraints(min_length=1), PlaintextOnly]
"""A key of the stack file's own, or a reference to one."""

Word = Annotated[str, StringConstraints(min_length=1), PlaintextOnly]
"""A text that reports show: a path of a file, a program or one of its arguments."""

ScopeName = Annotated[str, StringConstraints(pattern=SCOPE_NAME), PlaintextOnly, MayBeOutput]
SecretKey = Annotated[str, StringConstraints(pattern=SCOPE_NAME), PlaintextOnly]
Repository = Annotated[str, StringConstraints(pattern=REPOSITORY), PlaintextOnly]
ProjectPath = Annotated[str, StringConstraints(pattern=PROJECT_PATH), PlaintextOnly]
EnvironmentName = Annotated[str, StringConstraints(min_length=1, max_length=255), PlaintextOnly]
VariableName = Annotated[str, StringConstraints(pattern=VARIABLE_NAME), PlaintextOnly]

EntityName = Annotated[str, StringConstraints(pattern=ENTITY_NAME), PlaintextOnly]
"""The key of a served entity."""

Percentage = Annotated[int, Field(ge=0, le=100, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]
Ordinal = Annotated[int, Field(ge=1, strict=True)]
Fraction = Annotated[float, Field(ge=0, le=1, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
