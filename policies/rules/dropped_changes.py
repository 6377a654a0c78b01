"""Changes that the provider reports as done and never sends."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.contract.rows import Field, Handling, OnChange, fields
from model_serving.databricks.naming import api_name
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.policies.live import LiveEndpoint
from model_serving.policies.pack.input_values import UNKNOWN, at, flag, has_unknown, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.live_resource import live_resource

_COMPONENT: Final = f"{SERVING_ENDPOINT_COMPONENT}$"
"""In the URN of an endpoint of this library's components, which send some of these fields by another resource."""

_READ_AS: Final = {"budgetPolicyId": "effective_budget_policy_id"}
"""Fields that a read returns under another name."""

_WRITE_ONLY: Final = frozenset({"rateLimits", "tableNames", "burstScalingEnabled"})
"""Fields that no read returns. Source: Databricks CLI, bundle resources, fields whose remote values it ignores."""

_ENTITIES: Final = "config.servedEntities.*."


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    live = live_resource(resource)
    if live is None or resource.replaces(live.endpoint_id):
        return  # a new endpoint is created with all its fields
    for row in fields("model_serving"):
        if not (row.handling is Handling.SETTINGS and _COMPONENT in resource.urn):
            yield from _resent_at_every_run(row, resource)
            yield from _removal_that_crashes(row, resource, live)
            yield from _dropped_change(row, resource, live)


def _resent_at_every_run(row: Field, resource: Resource) -> Iterator[Violation]:
    """A declared field of served entities that no read returns: every run updates it again."""
    name = row.path.removeprefix(_ENTITIES)
    if not row.repeats or name not in _WRITE_ONLY:
        return
    for number, entity in enumerate(items(resource.inputs, "config", "servedEntities")):
        value = at(entity, name)
        if value not in (None, UNKNOWN):
            way_out = "remove it, true is the default" if flag(value) else "the provider never sends false"
            yield Violation(f"config.servedEntities[{number}].{name}: {way_out} ({row.reason})")


def _removal_that_crashes(row: Field, resource: Resource, live: LiveEndpoint) -> Iterator[Violation]:
    path = _keys(row)
    if row.on_remove is OnChange.CRASH and not at(resource.inputs, *path) and _live_value(live, path):
        field = ".".join(path)
        yield Violation(
            f'The live endpoint "{live.name}" has {field} and the program has none. If an earlier program declared it, '
            f"the provider panics in the middle of `up` ({row.reason})",
            fixes=("Declare it with its parts disabled instead",),
        )


def _dropped_change(row: Field, resource: Resource, live: LiveEndpoint) -> Iterator[Violation]:
    path = _keys(row)
    desired, actual = at(resource.inputs, *path), _live_value(live, path)
    if row.on_change is not OnChange.DROPPED or desired is None or has_unknown(desired):
        return
    field = ".".join(path)
    if path[-1] in _WRITE_ONLY:
        message = f"{field} of a live endpoint can't be read, and a change of it is never sent ({row.reason})"
        yield Violation(message, advisory=True)
    elif (len(path) == 1 or actual) and _differs(desired, actual):  # a new part of the config is sent
        yield Violation(
            f'{field} of the live endpoint "{live.name}" stays {_short(actual or "")}, though Pulumi will report an '
            f"update to {_short(_api_form(desired))} ({row.reason})"
        )


def _keys(row: Field) -> list[str]:
    return row.path.removesuffix(".*").split(".")


def _live_value(live: LiveEndpoint, path: list[str]) -> Any:
    return at(live.answer, *map(_read_name, path))


def _differs(desired: Any, actual: Any) -> bool:
    """Whether the workspace has another value, in what a read returns. It may have more than is desired."""
    if isinstance(desired, Mapping):
        shown = actual if isinstance(actual, Mapping) else {}
        return any(
            _differs(value, shown.get(_read_name(name))) for name, value in desired.items() if name not in _WRITE_ONLY
        )
    if isinstance(desired, list) and isinstance(actual, list):
        return sorted(map(str, desired)) != sorted(map(str, actual))
    return bool(desired or actual) and desired != actual


def _api_form(value: Any) -> Any:
    """The value with the names that a read returns."""
    if isinstance(value, Mapping):
        return {_read_name(name): _api_form(inner) for name, inner in value.items()}
    return value


def _read_name(name: str) -> str:
    return _READ_AS.get(name) or api_name(name)


def _short(value: Any) -> str:
    text = str(value)
    return f'"{text}"' if len(text) <= 40 else f'"{text[:37]}..."'  # noqa: PLR2004


no_silently_dropped_changes = Rule(
    name="no-silently-dropped-changes",
    description="The provider sends every change that it reports as done.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    why="For some fields the provider reports an update and sends nothing, and for one it panics. The field contract "
    "lists them.",
    passes="Fields that an update sends; a new endpoint; values as they are in the workspace; notifications, telemetry "
    "and AI gateway of this project's components, which send them. Rate limits, which no read returns, are reported as "
    "advisory.",
    fails="A description, budget policy, notifications, telemetry or disabled inference table that differs from the "
    "live endpoint's. No AI gateway where the live endpoint has one. Burst scaling of a live endpoint: no read returns "
    "it, so every run deploys again.",
    reads_workspace=True,
)
