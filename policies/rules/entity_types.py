"""Which kinds of entity an endpoint may serve."""

from collections.abc import Iterator
from typing import Any, Literal

from model_serving.databricks.resource_types import MODEL_SERVING, PROVISIONED_THROUGHPUT
from model_serving.policies.pack.input_values import UNKNOWN, at, flag, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation

Family = Literal["external_models", "foundation_models"]

_WAY_OUT = (
    "This project manages endpoints that serve your own models (Unity Catalog or workspace registry) and feature "
    "specs. Serve a model version or a feature spec instead, or manage this endpoint elsewhere"
)
_ALLOWED_BUT = "is allowed here, but never on a route-optimized endpoint. Leave route_optimized out"
_PROVISIONED = ("minProvisionedThroughput", "maxProvisionedThroughput", "provisionedModelUnits")


def served(inputs: Any) -> list[Any]:
    """Served entities, and those of the deprecated `served_models` twin."""
    return [entity for twin in ("servedEntities", "servedModels") for entity in items(inputs, "config", twin)]


def entity_name(entity: Any) -> str:
    """What a served entity is called, for a message."""
    name = at(entity, "name") or at(entity, "entityName") or at(entity, "modelName") or "?"
    return "(name not known yet)" if name is UNKNOWN else str(name)


def entity_field(entity: Any, *field: str) -> tuple[str, ...]:
    """Where a stack file says this of a served entity; empty where the entity's name isn't known."""
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
            yield Violation(f"This resource serves a Foundation Model API with provisioned throughput. {_WAY_OUT}")
        return
    optimized = resource.inputs.get("routeOptimized")
    for entity in served(resource.inputs):
        if found := _unsupported(entity):
            family, kind = found
            if not settings[family]:
                yield Violation(
                    f'Served entity "{entity_name(entity)}" is {kind}. {_WAY_OUT}', field_path=entity_field(entity)
                )
            elif optimized is UNKNOWN or flag(optimized):
                message = f'Served entity "{entity_name(entity)}" is {kind}, which {_ALLOWED_BUT}'
                yield Violation(message, field_path=entity_field(entity))
        elif UNKNOWN in (at(entity, "entityName"), at(entity, "modelName"), entity):
            yield Violation(
                f'Can\'t tell yet what served entity "{entity_name(entity)}" is: its model will be known during `up` '
                "only, and is checked then",
                advisory=True,
                field_path=entity_field(entity),
            )
    if any(at(resource.inputs, *path) is UNKNOWN for path in _LISTS):
        yield Violation(
            "Can't tell yet what is served: it will be known during `up` only, and is checked then", advisory=True
        )


_LISTS = (("config", "servedEntities"), ("config", "servedModels"))


def _allow(what: str) -> dict[str, Any]:
    return {
        "type": "boolean",
        "default": False,
        "description": f"Allow {what} on endpoints that aren't route optimized",
    }


supported_entity_types = Rule(
    name="supported-entity-types",
    description="Endpoints serve custom models and feature specs; foundation and external models are rejected.",
    level="mandatory",
    types=(MODEL_SERVING, PROVISIONED_THROUGHPUT),
    check=_check,
    why="Foundation Model APIs and external models have other limits, other costs and other secrets, and can't be "
    "route optimized; this project isn't made for them.",
    passes="Model versions of Unity Catalog or the workspace registry, and feature specs. Either other family where a "
    "setting allows it, on an endpoint that isn't route optimized.",
    fails="External models; `system.ai` entities, provisioned throughput, provisioned model units, the separate "
    "provisioned-throughput resource type; in `served_entities` and in `served_models`.",
    settings={
        "external_models": _allow("external models"),
        "foundation_models": _allow("Foundation Model APIs"),
    },
    waivable=False,
)
