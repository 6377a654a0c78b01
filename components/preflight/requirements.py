"""What an endpoint needs of the workspace before it can be created: models, feature specs and secrets.

Only what the arguments say in plain text. What is an output, or a secret of a stack file, is nobody's to check here.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.databricks.secret_references import parse_secret_reference
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_secret

if TYPE_CHECKING:  # review imports this module, without Pulumi
    import pulumi


@dataclass(frozen=True)
class Model:
    """A model version, chosen by number or by alias; a feature spec has neither."""

    path: FieldPath
    name: str
    version: str | None = None
    alias: str | None = None

    @property
    def in_unity_catalog(self) -> bool:
        return self.name.count(".") == 2  # noqa: PLR2004  catalog.schema.name

    @property
    def reference(self) -> str:
        """The model and its alias as they are written."""
        return f"{self.name}@{self.alias}" if self.alias else self.name


@dataclass(frozen=True)
class SecretReference:
    """A `{{secrets/scope/key}}` of a served entity's environment."""

    path: FieldPath
    scope: str
    key: str


@dataclass(frozen=True)
class Needs:
    """All that one endpoint needs. `name` is None while nobody knows it."""

    path: FieldPath
    name: str | None
    models: tuple[Model, ...]
    secrets: tuple[SecretReference, ...]


def needs(path: FieldPath, args: ServingEndpointArgs) -> Needs:
    """What the endpoint of these arguments needs; `path` is where it is declared."""
    entities = [((*path, "served_entities", name), entity) for name, entity in args.served_entities.items()]
    return Needs(
        path,
        _text(args.name),
        tuple(model for where, entity in entities for model in _models(where, entity)),
        tuple(reference for where, entity in entities for reference in _references(where, entity)),
    )


def alias_of(entity: ServedEntityArgs) -> str | None:
    """`main.ml.fraud@Champion`, where the entity is written so."""
    name = _text(entity.entity)
    return name if name and "@" in name else None


def pinned(args: ServingEndpointArgs, version: Callable[[str], "pulumi.Input[str]"]) -> ServingEndpointArgs:
    """The arguments with each alias as the version it stands for."""
    return dataclasses.replace(
        args, served_entities={name: _pinned(entity, version) for name, entity in args.served_entities.items()}
    )


def _pinned(entity: ServedEntityArgs, version: Callable[[str], "pulumi.Input[str]"]) -> ServedEntityArgs:
    alias = alias_of(entity)
    if alias is None:
        return entity
    return dataclasses.replace(entity, entity=alias.partition("@")[0], version=version(alias))


def _models(path: FieldPath, entity: ServedEntityArgs) -> Iterator[Model]:
    if spec := _text(entity.feature_spec):
        yield Model((*path, "feature_spec"), spec)
    elif (name := _text(entity.entity)) and not name.startswith("system."):
        model, _, alias = name.partition("@")
        version = _text(entity.version)
        if alias or version:
            yield Model((*path, "version" if version else "entity"), model, version, alias or None)


def _references(path: FieldPath, entity: ServedEntityArgs) -> Iterator[SecretReference]:
    for name, value in entity.environment_vars.items():
        if secret := parse_secret_reference(_text(value) or ""):
            yield SecretReference((*path, "environment_vars", name), *secret)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and not is_secret(value) else None
