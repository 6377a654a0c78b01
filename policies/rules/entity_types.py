"""The kinds of entity that an endpoint may serve."""

from collections.abc import Iterator
from typing import Any, Literal

from model_serving.databricks.resource_types import MODEL_SERVING, PROVISIONED_THROUGHPUT
from model_serving.policies.pack.input_values import UNKNOWN, at, flag, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation

Family = Literal["external_models", "foundation_models"]

_WAY_OUT = (
    "Serve a model version (Unity Catalog or workspace registry) or a feature spec, or manage this endpoint in another "
    "project"
)
_NOT_OPTIMIZED = "which can't be route optimized. Remove route_optimized"
_PROVISIONED = ("minProvisionedThroughput", "maxProvisionedThroughput", "provisionedModelUnits")


def served(inputs: Any) -> list[Any]:
    """The served entities, also those of the deprecated `served_models`."""
    return [entity for twin in ("servedEntities", "servedModels") for entity in items(inputs, "config", twin)]


def entity_name(entity: Any) -> str:
    """The name of a served entity for a message."""
    name = at(entity, "name") or at(entity, "entityName") or at(entity, "modelName") or "?"
    return "(unknown)" if name is UNKNOWN else str(name)


def entity_field(entity: Any, *field: str) -> tuple[str, ...]:
    """The path of a served entity's field in a stack file; empty if the entity's name is unknown."""
    name = at(entity, "name")
    return ("served_entities", name, *field) if isinstance(name, str) else ()


def _unsupported(entity: Any) -> tuple[Family, str] | None:
    if at(entity, "externalModel") is not None:
        provider = at(entity, "externalModel", "provider")
        return "external_models", "an external model" + ("" if provider in (None, UNKNOWN) else f" ({provider})")
    for field in ("entityName", "modelName"):
        full_name = at(entity, field)
        if isinstance(full_name, str) and full_name.strip().lower().startswith("system.ai."):
            return "foundation_models", f"a Foundation Model API ({full_name})"
    for field in _PROVISIONED:
        if at(entity, field) not in (None, 0):
            return "foundation_models", f"a Foundation Model API with provisioned throughput ({field})"
    return None


def _check(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if resource.type == PROVISIONED_THROUGHPUT:
        if not settings["foundation_models"]:
            what = "This resource serves a Foundation Model API with provisioned throughput"
            yield Violation(what, fixes=(_WAY_OUT,))
        return
    optimized = resource.inputs.get("routeOptimized")
    for entity in served(resource.inputs):
        if found := _unsupported(entity):
            family, kind = found
            if not settings[family]:
                yield Violation(
                    f'Served entity "{entity_name(entity)}" is {kind}',
                    field_path=entity_field(entity),
                    fixes=(_WAY_OUT,),
                )
            elif optimized is UNKNOWN or flag(optimized):
                message = f'Served entity "{entity_name(entity)}" is {kind}, {_NOT_OPTIMIZED}'
                yield Violation(message, field_path=entity_field(entity))
        elif UNKNOWN in (at(entity, "entityName"), at(entity, "modelName"), entity):
            yield Violation(
                f'The model of served entity "{entity_name(entity)}" is unknown until `up`, which checks it',
                advisory=True,
                field_path=entity_field(entity),
            )
    if any(at(resource.inputs, *path) is UNKNOWN for path in _LISTS):
        yield Violation("The served entities are unknown until `up`, which checks them", advisory=True)


_LISTS = (("config", "servedEntities"), ("config", "servedModels"))


def _allow(what: str) -> dict[str, Any]:
    return {
        "type": "boolean",
        "default": False,
        "description": f"Whether {what} are allowed on endpoints that aren't route optimized",
    }


supported_entity_types = Rule(
    name="supported-entity-types",
    description="Endpoints serve custom models and feature specs, no foundation or external models.",
    level="mandatory",
    types=(MODEL_SERVING, PROVISIONED_THROUGHPUT),
    check=_check,
    why="Foundation Model APIs and external models have other limits, costs and secrets, and can't be route optimized. "
    "This project doesn't manage them.",
    passes="Model versions of Unity Catalog or the workspace registry, and feature specs. The other two families if a "
    "setting allows them, on an endpoint that isn't route optimized.",
    fails="External models, `system.ai` entities, provisioned throughput, provisioned model units and the "
    "resource type for provisioned throughput, in `served_entities` and in `served_models`.",
    settings={
        "external_models": _allow("external models"),
        "foundation_models": _allow("Foundation Model APIs"),
    },
    waivable=False,
)
