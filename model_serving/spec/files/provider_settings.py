"""The settings of the Databricks provider in a stack's own file and in Pulumi.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from model_serving.spec.field_path import CONFIG
from model_serving.spec.files.pulumi_config import encrypted_paths
from model_serving.spec.files.yaml_locations import read

_NAMESPACE: Final = "databricks:"


@dataclass(frozen=True)
class ProviderSettings:
    """Settings by the provider's names (`host`, `clientId`), without the namespace."""

    plain: Mapping[str, str] = field(default_factory=dict)
    encrypted: tuple[str, ...] = ()
    """The names of settings that are secret, and known to Pulumi only."""


def provider_settings(stack_file: Path, project_file: Path) -> ProviderSettings:
    """The settings that Pulumi gives to the provider: those of the stack's file, else the defaults of the project."""
    declared = {name: _default(value) for name, value in _settings(project_file).items()} | _settings(stack_file)
    encrypted = tuple(name for name, value in declared.items() if encrypted_paths(value, ()))
    plain = {name: _text(value) for name, value in declared.items() if not isinstance(value, dict | list | type(None))}
    return ProviderSettings(plain, encrypted)


def _settings(file: Path) -> dict[str, Any]:
    document = read(file)
    config = document.data.get(CONFIG) if document.readable else None
    items = config.items() if isinstance(config, dict) else ()
    return {key.removeprefix(_NAMESPACE): value for key, value in items if str(key).startswith(_NAMESPACE)}


def _default(value: Any) -> Any:
    """A default of Pulumi.yaml is written as it is, or as `{value: ...}`."""
    return value.get("value", value.get("default")) if isinstance(value, dict) else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
