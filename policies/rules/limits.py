"""Limits of Databricks Model Serving that the API enforces in the middle of `up`."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from model_serving.databricks.limits import (
    CONCURRENCY_OF_MODEL,
    CONCURRENCY_OF_SIZE,
    CONCURRENCY_OF_WORKSPACE,
    CONCURRENCY_STEP,
    ENVIRONMENT_VARS,
    RESERVED_PREFIX,
    SERVED_ENTITIES,
    Limit,
)
from model_serving.databricks.naming import is_in_unity_catalog
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_field, entity_name, served

_RANGE: Final = ("min_provisioned_concurrency", "max_provisioned_concurrency")


def limit_setting(limit: Limit) -> dict[str, Any]:
    """The schema of a setting for a limit that Databricks has raised for an account."""
    description = f"The largest number of {limit.of} of {limit.scope}, where Databricks has raised it"
    return {"type": "integer", "minimum": 1, "default": limit.value, "description": description}


def raised(rule: str, setting: str) -> str:
    """The fix for an account whose limit Databricks has raised."""
    return f"If Databricks has raised the limit: `{rule}: {{{setting}: NUMBER}}` under `model-serving:policies`"


_SETTINGS: Final = {
    "environment_vars": limit_setting(ENVIRONMENT_VARS),
    "concurrency_per_model": limit_setting(CONCURRENCY_OF_MODEL),
    "concurrency_per_workspace": limit_setting(CONCURRENCY_OF_WORKSPACE),
}


def _check(resource: Resource, settings: Settings) -> Iterator[Violation]:
    yield from _name(resource.inputs.get("name"))
    entities = served(resource.inputs)
    if len(entities) > SERVED_ENTITIES.value:
        yield Violation(
            SERVED_ENTITIES.exceeded(len(entities)),
            field_path=("served_entities",),
            fixes=("Serve some of them on another endpoint",),
        )
    yield from _kinds(entities)
    for entity in entities:
        yield from _environment_vars(entity, settings)
        yield from _concurrency(entity, settings)
        if kind_of(entity) == "feature spec" and "GPU" in str(at(entity, "workloadType")).upper():
            yield Violation(
                f'Feature spec "{entity_name(entity)}" can\'t run on {at(entity, "workloadType")}: features are served '
                "on CPUs",
                field_path=entity_field(entity, "workload_type"),
                fixes=("Remove `workload_type`",),
            )


def _name(name: Any) -> Iterator[Violation]:
    if isinstance(name, str) and name.lower().startswith(RESERVED_PREFIX):
        message = f'Endpoint "{name}": names with the prefix {RESERVED_PREFIX} are reserved for Databricks'
        yield Violation(message, field_path=("name",), fixes=("Set another `name`",))


def kind_of(entity: Any) -> str:
    """`external model`, `foundation model`, `feature spec` or `model`; empty if that is unknown."""
    name = at(entity, "entityName") or at(entity, "modelName")
    version = at(entity, "entityVersion") or at(entity, "modelVersion")
    if at(entity, "externalModel") is not None:
        return "external model"
    if not isinstance(name, str):
        return ""
    if name.lower().startswith("system.ai."):
        return "foundation model"
    return "feature spec" if version is None and "@" not in name and is_in_unity_catalog(name) else "model"


def _kinds(entities: Sequence[Any]) -> Iterator[Violation]:
    """Source: documentation, serve multiple models to an endpoint; REST reference, `external_model`."""
    kinds = {kind_of(entity): entity_name(entity) for entity in reversed(entities)}
    kinds.pop("", None)
    if len(kinds) > 1:
        shown = " and ".join(f'{kind} "{name}"' for kind, name in reversed(kinds.items()))
        yield Violation(
            f"An endpoint serves entities of one kind; found {shown}",
            field_path=("served_entities",),
            fixes=("Serve each kind on an endpoint of its own",),
        )
    tasks = {at(entity, "externalModel", "task") for entity in entities} - {None, UNKNOWN}
    if len(tasks) > 1:
        shown = ", ".join(sorted(map(str, tasks)))
        yield Violation(
            f"All external models of an endpoint have the same task; found {shown}",
            field_path=("served_entities",),
            fixes=("Use an endpoint for each task",),
        )


def _environment_vars(entity: Any, settings: Settings) -> Iterator[Violation]:
    variables, most = at(entity, "environmentVars"), int(settings["environment_vars"])
    if isinstance(variables, dict) and len(variables) > most:
        yield Violation(
            f'Served entity "{entity_name(entity)}": {ENVIRONMENT_VARS.exceeded(len(variables), most)}',
            field_path=entity_field(entity, "environment_vars"),
            fixes=("Put several values into one variable", raised("serving-limits", "environment_vars")),
        )


def _concurrency(entity: Any, settings: Settings) -> Iterator[Violation]:
    name, most = entity_name(entity), int(settings["concurrency_per_model"])
    low, high = (at(entity, each) for each in ("minProvisionedConcurrency", "maxProvisionedConcurrency"))
    for field, value in zip(_RANGE, (low, high), strict=True):
        if _is_number(value) and int(value) % CONCURRENCY_STEP:
            yield Violation(
                f'Served entity "{name}": {field} is {int(value)}; Databricks\' own form accepts multiples of '
                f"{CONCURRENCY_STEP} only, and the API may refuse others",
                advisory=True,
                field_path=entity_field(entity, field),
                fixes=(f"`{field}: {-(-int(value) // CONCURRENCY_STEP) * CONCURRENCY_STEP}`",),
            )
    if _is_number(low) and _is_number(high) and low > high:
        yield Violation(
            f'Served entity "{name}": {_RANGE[0]} is {int(low)}, more than the maximum of {int(high)}',
            field_path=entity_field(entity, _RANGE[0]),
            fixes=("Swap the two values",),
        )
    if (number := concurrency(entity)) > most:
        yield Violation(
            f'Served entity "{name}": {CONCURRENCY_OF_MODEL.exceeded(number, most)}',
            field_path=entity_field(entity, _RANGE[1]),
            fixes=(f"`{_RANGE[1]}: {most}`", raised("serving-limits", "concurrency_per_model")),
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def concurrency(entity: Any) -> int:
    """The most concurrent requests of an entity, as far as they are known."""
    high = at(entity, "maxProvisionedConcurrency")
    if _is_number(high):
        return int(high)
    _, most = CONCURRENCY_OF_SIZE.get(str(at(entity, "workloadSize")), (0, 0))
    return most


def _check_stack(registered: Sequence[Registered], settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    """The sum of the stack alone: the listing of a workspace has no sizes of other endpoints."""
    sums = {
        each.resource.urn: (sum(map(concurrency, served(each.resource.inputs))), each.resource)
        for each in registered
        if each.resource.type == MODEL_SERVING
    }
    number, most = sum(each for each, _ in sums.values()), int(settings["concurrency_per_workspace"])
    if number > most:
        _, largest = max(sums.values(), key=lambda pair: (pair[0], pair[1].urn))
        yield (
            largest,
            Violation(
                f"The stack: {CONCURRENCY_OF_WORKSPACE.exceeded(number, most)}",
                fixes=("Use smaller sizes", raised("serving-limits", "concurrency_per_workspace")),
            ),
        )


serving_limits = Rule(
    name="serving-limits",
    description="Endpoints stay within the limits of Databricks Model Serving.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check,
    check_stack=_check_stack,
    why="Neither the provider nor a preview checks them. The API refuses them in the middle of `up`.",
    passes="Numbers up to the [limits](#limits); entities of one kind; names without the prefix `databricks-`. A "
    "concurrency that is not a multiple of 4 is reported as advisory, because Databricks documents no such rule.",
    fails="More served entities, environment variables or concurrent requests; a feature spec beside a model, or on a "
    "GPU; external models with different tasks.",
    settings=_SETTINGS,
)
