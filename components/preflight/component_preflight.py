"""The preflight of one endpoint component in a program that has no stack file."""

from typing import Any

import pulumi

from model_serving.components.args import ServingEndpointArgs
from model_serving.components.engine.threads import in_thread
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import raise_problems
from model_serving.components.preflight.requirements import endpoint_requirements, resolve_aliases
from model_serving.components.providers import default_settings
from model_serving.spec.vocabulary.stack import ServedEntity

UNRESOLVED_ALIAS = "unresolved alias"
"""The version of an alias that could not be read and is only a warning. The workspace rejects it."""


def after_preflight(
    name: str, args: ServingEndpointArgs, settings: pulumi.Output[dict[str, Any]] | None
) -> ServingEndpointArgs:
    """The arguments with aliases resolved. Their values are known only after the preflight has succeeded."""
    if not args.preflight:
        return args
    requirements = endpoint_requirements((name,), args)

    async def run(known: dict[str, Any]) -> dict[str, str]:
        report = await in_thread(preflight, [requirements], known, is_preview=pulumi.runtime.is_dry_run())
        raise_problems(report)
        return report.versions

    given: pulumi.Output[dict[str, Any]] = settings or pulumi.Output.from_input(default_settings())
    versions: pulumi.Output[dict[str, str]] = given.apply(run)
    resolved = resolve_aliases(args, lambda alias: versions.apply(lambda known: known.get(alias, UNRESOLVED_ALIAS)))
    entities = {key: _known_after(versions, entity) for key, entity in resolved.served_entities.items()}
    return resolved.model_copy(update={"served_entities": entities})


def _known_after(preflight: pulumi.Output[Any], entity: ServedEntity) -> ServedEntity:
    """The entity with a name that is known after the preflight: the engine waits for it, and stops if it failed."""
    name = entity.feature_spec or entity.entity
    if name is None:
        return entity
    known: pulumi.Output[str] = pulumi.Output.all(preflight, name).apply(lambda values: str(values[1]))
    return entity.model_copy(update={"feature_spec": None, "entity": known})
