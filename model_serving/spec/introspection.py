"""What may stand where: the models of `model_serving.spec.vocabulary.stack`, asked by path instead of by type."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.stack import Stack


def keys(path: FieldPath) -> list[str]:
    """The keys that the map at this path may have; none where any key may stand, or no map."""
    kind = _kind(path)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def words(path: FieldPath) -> list[str]:
    """The words that the value at this path is one of; none where any text may stand, or no text."""
    kind = _kind(path)
    return [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []


def _kind(path: FieldPath) -> Any:
    """The bare type at a path: a model, `dict[...]`, `list[...]`, a Literal or a plain type; None for a wrong path."""
    kind: Any = Stack
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found = kind.model_fields.get(str(part))
            kind = bare(found.annotation) if found else None
        else:
            kind = bare(get_args(kind)[-1]) if get_origin(kind) in (dict, list) else None
    return kind


def bare(annotation: Any) -> Any:
    """The type itself of `T | None` and `Annotated[T, ...]`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return bare(next(argument for argument in get_args(annotation) if argument is not type(None)))
    return annotation
