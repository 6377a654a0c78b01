"""Compare declared fields of an endpoint with live ones, field by field. Nothing is read.

What the service fills in where nothing is declared is no difference, nor is a secret that can't be decrypted here. A
value that may be a secret is never shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from model_serving.databricks.credential_patterns import CREDENTIAL
from model_serving.databricks.secret_references import is_secret_reference
from model_serving.operations.drift.report import FieldDrift, Origin
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import MASK, is_secret, is_unknown
from model_serving.spec.vocabulary.endpoint import BaseEndpoint

_ANY: Final = "*"
_FILLED_IN: Final = (
    ("served_entities", _ANY, "workload_size"),
    ("ai_gateway", "inference_table", "table_name_prefix"),
    ("auto_capture", "table_name_prefix"),
    ("telemetry_config", "inference_table_config", "name"),
)
"""The service chooses these where nothing is declared. Source: REST reference, create."""

_VARIABLES: Final = "environment_vars"
_MAPS: Final = (("tags",), ("served_entities",), ("served_entities", _ANY, _VARIABLES))
"""Maps whose keys are an author's: each is compared by itself, even where the other side has no map."""

_WHOLE: Final = ("traffic",)
"""A value that is compared as one: its parts mean nothing alone."""

_TELEMETRY: Final = ("telemetry_config",)
_PROFILE: Final = (*_TELEMETRY, "telemetry_profile_id")
_TABLES: Final = (*_TELEMETRY, "table_names")
_BUDGET: Final = ("budget_policy_id",)
"""A read has the policy in effect, which may be a default of the workspace, and an older one has none."""

UNREAD: Final = "?"
"""The declared version of an alias that could not be read: it is not compared."""

_ENABLED: Final = "enabled"
"""The flag whose default is true."""


def field_drifts(declared: Mapping[str, Any], live: Mapping[str, Any]) -> list[FieldDrift]:
    """The fields that differ, in the order of the vocabulary."""
    return [*_drifts(declared, live, ())]


def with_origins(
    drifts: Sequence[FieldDrift], deployed: Mapping[str, Any] | None, live: Mapping[str, Any]
) -> list[FieldDrift]:
    """The drifts with how each came about. `deployed` are the fields that the state has; None where it is not known.

    A field that has the value of the last deployment was not changed since: the stack files were.
    """
    if deployed is None:
        return [*drifts]
    outside = [each.path for each in field_drifts(deployed, live)]
    return [replace(each, origin=_origin(each.path, deployed, outside)) for each in drifts]


def _origin(path: FieldPath, deployed: Any, outside: Sequence[FieldPath]) -> Origin:
    if any(each[: len(path)] == path or path[: len(each)] == each for each in outside):
        return Origin.OUTSIDE
    for part in path:
        deployed = deployed.get(part) if isinstance(deployed, Mapping) else None
    return Origin.UNKNOWN if _has_secret(deployed) else Origin.NOT_DEPLOYED


def _drifts(declared: Any, live: Any, path: FieldPath) -> Iterator[FieldDrift]:
    is_map = _matches(path, _MAPS)
    if is_map:
        declared, live = declared or {}, live or {}
    is_one_sided = not is_map and len(path) == 1 and is_absent(declared, path) != is_absent(live, path)
    if isinstance(declared, Mapping) and isinstance(live, Mapping) and path != _WHOLE and not is_one_sided:
        for name in _names(declared, live, path):
            if (*path, name) not in (_TABLES, _PROFILE):
                yield from _drifts(declared.get(name), live.get(name), (*path, name))
        if path == _TELEMETRY:
            yield from _telemetry(declared, live)
    elif not _is_same(declared, live, path):
        yield _drift(path, declared, live)


def _names(declared: Mapping[str, Any], live: Mapping[str, Any], path: FieldPath) -> list[str]:
    """The members of either: of an endpoint in the order of the vocabulary."""
    names = dict.fromkeys([*declared, *live])
    return [*names] if path else [name for name in BaseEndpoint.model_fields if name in names]


def _telemetry(declared: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[FieldDrift]:
    """Tables are never returned: an endpoint with any profile counts as having them."""
    tables, wanted, profile = declared.get(_TABLES[-1]), declared.get(_PROFILE[-1]), live.get(_PROFILE[-1])
    if tables and not profile:
        yield _drift(_TABLES, tables, None)
    elif not tables and not _is_same(wanted, profile, _PROFILE):
        yield _drift(_PROFILE, wanted, profile)


def _is_same(declared: Any, live: Any, path: FieldPath) -> bool:
    if path == _BUDGET and (is_absent(declared, path) or is_absent(live, path)):
        return True
    if is_absent(declared, path):
        return is_absent(live, path) or _matches(path, _FILLED_IN)
    if is_unknown(declared) or declared == UNREAD:
        return not is_absent(live, path)
    if isinstance(declared, list) and isinstance(live, list):
        return sorted(map(str, declared)) == sorted(map(str, live))
    return bool(declared == live)


def is_absent(value: Any, path: FieldPath) -> bool:
    """Whether a value is none: `enabled: false` is the only false that is not the same as nothing."""
    if path[-1:] == (_ENABLED,):
        return value is None
    if isinstance(value, Mapping):
        return all(is_absent(each, (*path, name)) for name, each in value.items())
    return not value


def _matches(path: FieldPath, patterns: Sequence[tuple[str, ...]]) -> bool:
    return any(
        len(path) == len(pattern) and all(wanted in (_ANY, part) for wanted, part in zip(pattern, path, strict=True))
        for pattern in patterns
    )


def _drift(path: FieldPath, declared: Any, live: Any) -> FieldDrift:
    if isinstance(declared, bool) or isinstance(live, bool):  # a flag without a value has its default
        default = path[-1] == _ENABLED
        declared, live = (default if each is None else each for each in (declared, live))
    hidden = _has_secret(declared)
    return FieldDrift(path, shown(declared, path, hidden=hidden), shown(live, path, hidden=hidden))


def shown(value: Any, path: FieldPath, *, hidden: bool = False) -> Any:
    """A value as a report shows it: secrets, credentials, and plaintext in environment variables are masked.

    With `hidden` every text in it is.
    """
    if path and is_absent(value, path) and not isinstance(value, bool):
        return None
    if isinstance(value, Mapping):
        return {name: shown(each, (*path, name), hidden=hidden) for name, each in value.items()}
    if isinstance(value, list):
        return [shown(each, path, hidden=hidden) for each in value]
    if not isinstance(value, str):
        return value
    is_plaintext = _VARIABLES in path and not is_secret_reference(value)
    return MASK if hidden or is_plaintext or is_secret(value) or CREDENTIAL.search(value) else value


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_secret, value.values()))
    return any(map(_has_secret, value)) if isinstance(value, list) else is_secret(value)
