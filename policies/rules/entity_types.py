"""Which kinds of entity an endpoint may serve."""

from collections.abc import Iterator
from typing import Any

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from policies.rules.inputs import MODEL_SERVING, PROVISIONED_THROUGHPUT, UNKNOWN, at, plain

_WAY_OUT = (
    "This project manages endpoints that serve your own models (Unity Catalog or workspace registry) and feature "
    "specs. Serve a model version or a feature spec instead, or manage this endpoint elsewhere"
)


def unsupported_entities(inputs: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each served entity of an unsupported kind, as (name, kind)."""
    for entity in _served(inputs):
        name = at(entity, "name") or at(entity, "entityName") or at(entity, "modelName") or "?"
        kind = _unsupported_kind(entity)
        if kind:
            yield ("(name not known yet)" if name is UNKNOWN else str(name)), kind


def _served(inputs: dict[str, Any]) -> Iterator[Any]:
    """Served entities, and those of the deprecated `served_models` twin."""
    for twin in ("servedEntities", "servedModels"):
        entities = at(inputs, "config", twin)
        yield from entities if isinstance(entities, list) else []


def _unsupported_kind(entity: Any) -> str | None:
    if at(entity, "externalModel") is not None:
        provider = at(entity, "externalModel", "provider")
        return "an external model" if provider in (None, UNKNOWN) else f"an external model ({provider})"
    full_name = at(entity, "entityName") or at(entity, "modelName")
    if isinstance(full_name, str) and full_name.lower().startswith("system.ai."):
        return f"a Foundation Model API ({full_name})"
    for field in ("minProvisionedThroughput", "maxProvisionedThroughput", "provisionedModelUnits"):
        if at(entity, field) not in (None, 0):
            return f"a Foundation Model API with provisioned throughput ({field})"
    return None


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == PROVISIONED_THROUGHPUT:
        report(f"This resource serves a Foundation Model API with provisioned throughput. {_WAY_OUT}", None)
    if args.resource_type != MODEL_SERVING:
        return
    for name, kind in unsupported_entities(plain(args.props)):
        report(f'Served entity "{name}" is {kind}. {_WAY_OUT}', None)


supported_entity_types = ResourceValidationPolicy(
    name="supported-entity-types",
    description="Endpoints serve custom models and feature specs; foundation and external models are rejected.",
    enforcement_level=EnforcementLevel.MANDATORY,
    validate=_validate,
)
