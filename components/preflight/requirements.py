"""What an endpoint's arguments require of the workspace: models, feature specs and Databricks secrets.

Only plain text is read. Outputs and the secrets of a stack file are skipped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_serving.components.args import ServingEndpointArgs
from model_serving.databricks.naming import is_in_unity_catalog
from model_serving.databricks.secret_references import parse_secret_reference
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_plaintext
from model_serving.spec.vocabulary.stack import ServedEntity

if TYPE_CHECKING:  # the offline check imports this module without Pulumi
    import pulumi


@dataclass(frozen=True)
class Model:
    """A model with a version or an alias, or a feature spec, which has neither."""

    path: FieldPath
    name: str
    version: str | None = None
    alias: str | None = None

    @property
    def in_unity_catalog(self) -> bool:
        return is_in_unity_catalog(self.name)

    @property
    def reference(self) -> str:
        """The model with its alias, as in the stack file: `main.ml.fraud@Champion`."""
        return f"{self.name}@{self.alias}" if self.alias else self.name


@dataclass(frozen=True)
class SecretReference:
    """A `{{secrets/scope/key}}` of a served entity's environment."""

    path: FieldPath
    scope: str
    key: str


@dataclass(frozen=True)
class EndpointRequirements:
    """The models and secrets that one endpoint requires. `name` is None if it is not known yet."""

    path: FieldPath
    name: str | None
    models: tuple[Model, ...]
    secrets: tuple[SecretReference, ...]


def endpoint_requirements(path: FieldPath, args: ServingEndpointArgs) -> EndpointRequirements:
    """The requirements of an endpoint with these arguments, declared at `path`."""
    entities = [((*path, "served_entities", name), entity) for name, entity in args.served_entities.items()]
    return EndpointRequirements(
        path,
        _plain_text(args.name),
        tuple(model for where, entity in entities for model in _models(where, entity)),
        tuple(reference for where, entity in entities for reference in _secret_references(where, entity)),
    )


def resolve_aliases(args: ServingEndpointArgs, version: Callable[[str], "pulumi.Input[str]"]) -> ServingEndpointArgs:
    """The arguments with `version` of each alias (`main.ml.fraud@Champion`) in its place."""
    entities = dict(args.served_entities)
    for name, entity in entities.items():
        alias = _plain_text(entity.entity)
        if alias and "@" in alias:
            resolved = {"entity": alias.partition("@")[0], "version": version(alias)}
            entities[name] = entity.model_copy(update=resolved)
    return args.model_copy(update={"served_entities": entities})


def _models(path: FieldPath, entity: ServedEntity) -> Iterator[Model]:
    if spec := _plain_text(entity.feature_spec):
        yield Model((*path, "feature_spec"), spec)
    elif (name := _plain_text(entity.entity)) and not name.startswith("system."):
        model, _, alias = name.partition("@")
        version = _plain_text(entity.version)
        if alias or version:
            yield Model((*path, "version" if version else "entity"), model, version, alias or None)


def _secret_references(path: FieldPath, entity: ServedEntity) -> Iterator[SecretReference]:
    for name, value in entity.environment_vars.items():
        if secret := parse_secret_reference(_plain_text(value) or ""):
            yield SecretReference((*path, "environment_vars", name), *secret)


def _plain_text(value: Any) -> str | None:
    return value if is_plaintext(value) else None
