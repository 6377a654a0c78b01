"""The vocabulary by path: which keys and words are allowed at a place, and the provider's name of a field."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.stack import Stack


def keys(path: FieldPath, root: type[Model] = Stack) -> list[str]:
    """The keys of the map at a path; none where any key is allowed, or the value is no map."""
    kind = kind_of(path, root)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def words(path: FieldPath, root: type[Model] = Stack) -> list[str]:
    """The allowed words of the value at a path; none where any text is allowed, or the value is no text."""
    kind = kind_of(path, root)
    return [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []


def key_words(path: FieldPath, root: type[Model] = Stack) -> list[str]:
    """The allowed keys of the map around a path, where they are the words of a closed list; none where they aren't."""
    around = kind_of(path[:-1], root)
    kind = bare(get_args(around)[0]) if get_origin(around) is dict else None
    return [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []


def kind_of(path: FieldPath, root: type[Model]) -> Any:
    """The bare type at a path: a model, `dict[...]`, `list[...]`, a Literal or a plain type; None for a wrong path."""
    kind: Any = root
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found = kind.model_fields.get(str(part))
            kind = bare(found.annotation) if found else None
        else:
            kind = bare(get_args(kind)[-1]) if get_origin(kind) in (dict, list) else None
    return kind


def provider_path(field: FieldInfo) -> tuple[str, ...]:
    """The keys that lead to the field in the inputs of its provider resource."""
    assert field.serialization_alias, "Every field of a Model has an alias"
    return tuple(field.serialization_alias.split("."))


def bare(annotation: Any) -> Any:
    """The type itself of `T | None` and `Annotated[T, ...]`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return bare(next(argument for argument in get_args(annotation) if argument is not type(None)))
    return annotation
