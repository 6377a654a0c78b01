"""Paths in a provider's inputs as paths in a stack file, which is where an author changes them."""

import re
from typing import Any, Final, TypeAlias, get_args, get_origin

from pydantic import BaseModel

from model_serving.databricks.naming import snake_case
from model_serving.spec.introspection import bare, provider_path
from model_serving.spec.vocabulary.stack import Endpoint

_INSIDE_ITEMS: Final = ("routes", "trafficPercentage", "value")
"""Keys of the provider's lists of routes and of tags, which are maps in a stack file."""


Path: TypeAlias = tuple[str, ...]
"""Parts of a path in a provider's inputs, with list items in brackets: `("config", "servedEntities", "[champion]")`."""


def stack_file_path(path: Path) -> str:
    """`config.servedEntities[champion].entityVersion` as `served_entities.champion.version`."""
    return ".".join(stack_file_keys(path))


def stack_file_keys(path: Path) -> Path:
    """The same as the keys that lead to it, below the endpoint's own key."""
    names: list[str] = []
    kind: Any = Endpoint
    rest = path
    while rest:
        name, kind, rest = _step(kind, rest)
        names += [name] if name else []
    return tuple(names) or path


def _step(kind: Any, path: Path) -> tuple[str, Any, Path]:
    """The name of the first part of a path, the type of its value (None if unknown), and the parts after it."""
    part, rest = path[0], path[1:]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        nested = []
        for name, field in kind.model_fields.items():
            own = provider_path(field)
            if path[: len(own)] == own:
                return name, bare(field.annotation), path[len(own) :]
            nested += [name] if part == own[0] else []
        if nested:
            return nested[0] if len(nested) == 1 and not rest else "", kind, rest
    elif kind is not None and part in _INSIDE_ITEMS:
        return "", kind, rest
    elif get_origin(kind) in (dict, list):
        return part.strip("[]"), bare(get_args(kind)[-1]), rest
    return part[1:-1] if part.startswith("[") else _snake_case(part), None, rest


def _snake_case(name: str) -> str:
    """`routeOptimized` as `route_optimized`; a name that is not in camelCase is an author's and stays as it is."""
    return snake_case(name) if re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)+", name) else name
