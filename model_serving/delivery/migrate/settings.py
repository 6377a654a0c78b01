"""`--set FIELD=VALUE`: which value of an endpoint changes, and whether that needs a migration."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pydantic import BaseModel

from model_serving.contract.immutable_fields import immutable_fields
from model_serving.delivery.endpoint_edit import Data
from model_serving.errors import UsageError, UserError
from model_serving.spec import Endpoint
from model_serving.spec.field_path import dotted
from model_serving.spec.files.yaml_text import Loader
from model_serving.spec.introspection import keys, kind_of, provider_path
from model_serving.spec.succession import PREDECESSOR
from model_serving.spec.validation.suggestions import suggestion

_ABSENT: Final = object()
_CREATOR: Final = "creator"


@dataclass(frozen=True)
class Setting:
    """A field of an endpoint, as the keys that lead to it, and its new value; None removes it."""

    path: tuple[str, ...]
    value: Any

    @property
    def field(self) -> str:
        """`auto_capture.catalog_name`."""
        return dotted(self.path)


def parse_setting(text: str) -> Setting:
    """`FIELD=VALUE`; the value is written as in a stack file. Raises UsageError."""
    field, equals, value = text.partition("=")
    path = tuple(field.strip().split("."))
    if not equals or not all(path):
        raise UsageError(f'--set "{text}" is not FIELD=VALUE, as in --set route_optimized=true')
    try:
        return Setting(path, yaml.load(value, Loader=Loader))  # noqa: S506  a safe loader
    except yaml.YAMLError:
        raise UsageError(f'--set {field}: "{value}" is not a YAML value. Quote it: --set \'{field}="..."\'') from None


def require_migration(key: str, endpoint: Data, settings: Sequence[Setting]) -> None:
    """Raise UserError, with each setting that is unknown, declared already, or needs no migration."""
    problems = [problem for each in settings for problem in _problems(key, endpoint, each)]
    if problems:
        raise UserError("\n".join(problems))


def with_settings(endpoint: Data, settings: Sequence[Setting]) -> Data:
    """The endpoint's data with the new values. The data that is given is not changed."""
    for each in settings:
        endpoint = _with(endpoint, each.path, each.value)
    return endpoint


def value_at(data: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value at a path; the default of the field where the data has none, and None where that has none."""
    found = _at(data, path)
    return default_of(path) if found is _ABSENT else found


def default_of(path: Sequence[str]) -> Any:
    """The default of an endpoint's field that is a flag, a number or a text; None for any other."""
    around = kind_of(tuple(path[:-1]), Endpoint)
    if not (isinstance(around, type) and issubclass(around, BaseModel)) or path[-1] not in around.model_fields:
        return None
    default = around.model_fields[path[-1]].default
    return default if isinstance(default, bool | int | str) else None


def _problems(key: str, endpoint: Data, setting: Setting) -> Iterator[str]:
    if unknown := _unknown(endpoint, setting.path):
        yield unknown
    elif setting.path[0] == PREDECESSOR:
        yield f"--set {setting.field}: the command writes `predecessor` itself"
    elif value_at(endpoint, setting.path) == (wanted := _wanted(setting)):
        yield (
            f"{setting.field} of {key} is declared as {_text(wanted)} already. If that edit is not deployed yet,"
            " take it back, then run this again"
        )
    elif not _needs_migration(endpoint, setting):
        yield (
            f"{setting.field} needs no migration: it is updated in place. Declare `{setting.field}:"
            f" {_text(setting.value)}` in the stack file, and deploy that"
        )


def _wanted(setting: Setting) -> Any:
    """The new value; of a field that is removed, its default."""
    return default_of(setting.path) if setting.value is None else setting.value


def _unknown(endpoint: Data, path: Sequence[str]) -> str:
    """What is wrong with the first part of the path that is no field; empty if all are."""
    if path == (_CREATOR,):
        return (
            "The creator of an endpoint is whoever deploys it. For another one, let them deploy: --name NEW, no --set"
        )
    for depth, part in enumerate(path):
        above, place = tuple(path[:depth]), f" of {dotted(tuple(path[:depth]))}" if depth else ""
        if allowed := keys(above, Endpoint):
            if part not in allowed:
                hint = suggestion(part, allowed, "Its fields" if depth else "The fields of an endpoint")
                return f'There is no field "{part}"{place}. {hint}'
        elif above == ("served_entities",):
            entities = value_at(endpoint, above) or {}
            if part not in entities:
                return f'There is no served entity "{part}". {suggestion(part, entities, "They are")}'
        elif kind_of(above, Endpoint) is None or not _is_map(kind_of(above, Endpoint)):
            return f"{dotted(above)} is one value and has no fields: --set {dotted(above)}=VALUE"
    return ""


def _is_map(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is dict


def _needs_migration(endpoint: Data, setting: Setting) -> bool:
    """Whether a value changes that is set only when an endpoint is created."""
    before, after = _at(endpoint, setting.path), setting.value
    changed = [(*setting.path, *leaf) for leaf in _changed_leaves(None if before is _ABSENT else before, after)]
    rows = [tuple(row.path.split(".")) for row in immutable_fields()]
    return any(_provider_path(path)[: len(row)] == row for path in changed for row in rows)


def _changed_leaves(before: Any, after: Any) -> Iterator[tuple[str, ...]]:
    """The paths below a value at which two of them differ."""
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = (each if isinstance(each, dict) else {} for each in (before, after))
        for name in dict.fromkeys([*old, *new]):
            yield from ((name, *path) for path in _changed_leaves(old.get(name), new.get(name)))
    elif before != after:
        yield ()


def _provider_path(path: Sequence[str]) -> tuple[str, ...]:
    """The path in the field contract, as in `config.servedEntities.*.externalModel`."""
    found: tuple[str, ...] = ()
    for depth, part in enumerate(path):
        around = kind_of(tuple(path[:depth]), Endpoint)
        if isinstance(around, type) and issubclass(around, BaseModel) and part in around.model_fields:
            found += provider_path(around.model_fields[part])
        else:
            found += ("*",)
    return found


def _at(data: Any, path: Sequence[str]) -> Any:
    for part in path:
        if not isinstance(data, Mapping) or part not in data:
            return _ABSENT
        data = data[part]
    return data


def _with(data: Any, path: Sequence[str], value: Any) -> Data:
    """The data with the value at the path; without it where the value is None."""
    result: Data = dict(data) if isinstance(data, Mapping) else {}
    first, rest = path[0], path[1:]
    if rest:
        result[first] = _with(result.get(first), rest, value)
    elif value is None:
        result.pop(first, None)
    else:
        result[first] = value
    return result


def _text(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000).replace("\n...", "").strip()
