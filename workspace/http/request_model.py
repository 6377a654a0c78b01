"""Request models: the JSON types of a request body, checked before a rule reads it, and the source of OpenAPI.

The service parses requests into typed messages and rejects a value of the wrong type before it looks at the meaning.
Every member is optional and may be null; unknown members are ignored. A rule reads the body as it was sent: it checks
what is required, and stores members that no model knows.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from model_serving.workspace.http.call import Rule
from model_serving.workspace.http.errors import MalformedRequest
from model_serving.workspace.store.database import Json

T = TypeVar("T")
R = TypeVar("R", bound=Rule)


def _json_type(name: str, fits: Callable[[Any], bool]) -> BeforeValidator:
    """A validator for null and values of a JSON type, with the type's name in its message."""

    def check(value: Any) -> Any:
        if value is None or fits(value):
            return value
        raise PydanticCustomError("json_type", "must be {name}", {"name": name})

    return BeforeValidator(check)


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


Text: TypeAlias = Annotated[str | None, _json_type("text", lambda value: isinstance(value, str))]
Flag: TypeAlias = Annotated[bool | None, _json_type("a boolean", lambda value: isinstance(value, bool))]
Integer: TypeAlias = Annotated[
    int | None, _json_type("an integer", lambda value: isinstance(value, int) and _is_number(value))
]
Number: TypeAlias = Annotated[float | None, _json_type("a number", _is_number)]
Object: TypeAlias = Annotated[T | None, _json_type("an object", lambda value: isinstance(value, dict))]
Objects: TypeAlias = Annotated[list[T] | None, _json_type("a list of objects", _is_list_of(dict))]
Texts: TypeAlias = Annotated[list[str] | None, _json_type("a list of text", _is_list_of(str))]


class RequestModel(BaseModel):
    """The members of a JSON object in a request."""


_MODELS: dict[Rule, type[RequestModel]] = {}


def accepts(model: type[RequestModel]) -> Callable[[R], R]:
    """Declares the model of the bodies that a rule reads."""

    def declare(rule: R) -> R:
        _MODELS[rule] = model
        return rule

    return declare


def model_of(rule: Rule) -> type[RequestModel] | None:
    return _MODELS.get(rule)


def check_body(model: type[RequestModel], body: Json) -> None:
    """Raises MalformedRequest for the first member whose value has the wrong JSON type."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        member = next(part for part in reversed(first["loc"]) if isinstance(part, str))
        raise MalformedRequest(f"Could not parse request object: '{member}' {first['msg']}.") from error
