"""The rules between the fields of one served entity."""

import re
from collections.abc import Iterator

from model_serving.databricks.secret_references import is_secret_reference
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_output, is_unknown
from model_serving.spec.validation.messages import describe
from model_serving.spec.vocabulary.stack import ServedEntity
from model_serving.spec.vocabulary.types import OBJECT_NAME


def served_entity_problems(entity: ServedEntity, path: FieldPath) -> Iterator[Problem]:
    """The problems of one served entity."""
    kinds = [kind for kind in ("entity", "feature_spec", "external_model") if getattr(entity, kind) is not None]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        message = f"exactly one of entity, feature_spec and external_model is served; found {found}"
        yield path, message, "Keep one of them" if kinds else "Write one, as in entity: main.ml.fraud"
        return
    yield from _feature_spec(entity, path)
    yield from _model(entity, path)
    yield from _size(entity, path)
    if entity.burst_scaling is False:
        message = "the Databricks provider never sends false, so the entity would keep the workspace's default, true"
        yield (*path, "burst_scaling"), message, "Remove it"
    for name, value in entity.environment_vars.items():
        if not is_unknown(value) and "{{" in value and not is_secret_reference(value):
            message = f'"{value}" is not a valid secret reference'
            yield (*path, "environment_vars", name), message, "Write it as {{secrets/scope/key}}"


def _feature_spec(entity: ServedEntity, path: FieldPath) -> Iterator[Problem]:
    if entity.feature_spec is None:
        return
    if entity.version is not None:
        yield (*path, "version"), "a feature spec has no version", "Remove `version`"
    if not is_unknown(entity.feature_spec) and not re.fullmatch(OBJECT_NAME, entity.feature_spec):
        message = f'"{entity.feature_spec}" is not the full name of a feature spec'
        yield (*path, "feature_spec"), message, "Write it as catalog.schema.name"


def _model(entity: ServedEntity, path: FieldPath) -> Iterator[Problem]:
    if is_output(entity.entity) and entity.version is None:
        yield (
            (*path, "version"),
            "no version of the model is chosen",
            "Set `version`: an alias in an output isn't resolved",
        )
    if entity.entity is None or is_unknown(entity.entity):
        return
    name, at, alias = entity.entity.partition("@")
    if at and (not alias or not name or "@" in alias):
        yield (
            (*path, "entity"),
            f'"{entity.entity}" is not model@Alias',
            f"Write it as {name or 'main.ml.fraud'}@Champion",
        )
    elif alias and not re.fullmatch(OBJECT_NAME, name):
        message = f'"{name}" has no aliases: only models of Unity Catalog have, catalog.schema.model'
        yield (*path, "entity"), message, "Use its full name, or a `version` instead of the alias"
    elif alias and entity.version:
        message = f"an alias (@{alias}) and version {describe(entity.version)} both choose the version"
        yield (*path, "version"), message, "Keep one of the two"
    elif not alias and not entity.version and not _pay_per_token(entity):
        message = f'no version of model "{name}" is chosen'
        hint = (
            f'Write `version: "1"`, or an alias as in {name}@Champion; a feature spec is written `feature_spec: {name}`'
        )
        yield (*path, "entity"), message, hint


def _pay_per_token(entity: ServedEntity) -> bool:
    """Databricks' own models are served from system.ai and need no version; policies/ refuses them."""
    return entity.model_name.startswith("system.ai.")


def _size(entity: ServedEntity, path: FieldPath) -> Iterator[Problem]:
    low, high = entity.min_provisioned_concurrency, entity.max_provisioned_concurrency
    if (low is not None or high is not None) and entity.workload_size:
        message = "workload_size and a provisioned concurrency range both choose the size"
        yield (*path, "workload_size"), message, "Keep one of the two"
    if (low is None) != (high is None):
        missing = "min_provisioned_concurrency" if low is None else "max_provisioned_concurrency"
        yield path, f"{missing} is missing; a range has both ends", f"Write {missing} too"
    if low is not None and high is not None and low > high:
        message = f"min_provisioned_concurrency is {low}, more than the maximum of {high}"
        yield (*path, "min_provisioned_concurrency"), message, "Swap the two values"
