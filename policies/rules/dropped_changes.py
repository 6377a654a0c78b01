"""Changes that the provider reports as done and never sends."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.contract.rows import Field, Handling, OnChange, fields
from model_serving.databricks.naming import api_name
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.policies.live import LiveEndpoint, UnreadableError, live_endpoint
from model_serving.policies.pack.input_values import UNKNOWN, at, flag, has_unknown, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation

_COMPONENT: Final = f"{SERVING_ENDPOINT_COMPONENT}$"
"""In the URN of an endpoint of this project's components: they send some of these fields by another resource."""

_READ_AS: Final = {"budgetPolicyId": "effective_budget_policy_id"}
"""Fields that a read returns under another name."""

_NEVER_ANSWERED: Final = frozenset({"rateLimits", "tableNames", "burstScalingEnabled"})
"""Written and never shown again. Source: Databricks CLI, bundle resources, fields whose remote values it ignores."""

_ENTITIES: Final = "config.servedEntities.*."


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    name = resource.inputs.get("name")
    if not isinstance(name, str) or has_unknown(dict(resource.provider)):
        return
    try:
        live = live_endpoint(name, resource.provider, is_preview=resource.is_preview)
    except UnreadableError:
        return  # route-optimized-create-only says so
    if live and not resource.replaces(live.endpoint_id):  # a new endpoint is created with all its fields
        for row in fields("model_serving"):
            if not (row.handling is Handling.SETTINGS and _COMPONENT in resource.urn):
                yield from _repeated(row, resource) if row.repeats else ()
                yield from _lost(row, resource, live)


def _repeated(row: Field, resource: Resource) -> Iterator[Violation]:
    """Fields of served entities whose value no read returns: declared, they are another update at every run."""
    name = row.path.removeprefix(_ENTITIES)
    if name not in _NEVER_ANSWERED:
        return
    for number, entity in enumerate(items(resource.inputs, "config", "servedEntities")):
        value = at(entity, name)
        if value not in (None, UNKNOWN):
            way_out = "leave it out, true is the default" if flag(value) else "the provider never sends false"
            yield Violation(f"config.servedEntities[{number}].{name}: {way_out} ({row.reason})")


def _lost(row: Field, resource: Resource, live: LiveEndpoint) -> Iterator[Violation]:
    path = row.path.removesuffix(".*").split(".")
    wanted, found = at(resource.inputs, *path), at(live.answer, *map(_member, path))
    if has_unknown(wanted):
        return
    field = ".".join(path)
    if row.on_remove is OnChange.CRASH and not wanted and found:
        yield Violation(
            f'The live endpoint "{live.name}" has {field} and the program has none. If an earlier program declared it, '
            f"the provider panics in the middle of `up` ({row.reason}). Declare it with its parts switched off instead"
        )
    if row.on_change is not OnChange.DROPPED or wanted is None:
        return
    if path[-1] in _NEVER_ANSWERED:
        yield Violation(
            f"{field} of a live endpoint can't be read; a change of it is never sent ({row.reason})", advisory=True
        )
    elif (len(path) == 1 or found) and _differs(wanted, found):  # inside the config, what is switched on is sent
        yield Violation(
            f'{field} of the live endpoint "{live.name}" won\'t become {_short(_wire(wanted))}: it stays '
            f"{_short(found or '')}, though Pulumi will say updated ({row.reason})"
        )


def _differs(wanted: Any, found: Any) -> bool:
    """Whether the workspace has something else, in what a read shows; it may have more than was asked for."""
    if isinstance(wanted, Mapping):
        shown = found if isinstance(found, Mapping) else {}
        return any(
            _differs(value, shown.get(_member(name))) for name, value in wanted.items() if name not in _NEVER_ANSWERED
        )
    if isinstance(wanted, list) and isinstance(found, list):
        return sorted(map(str, wanted)) != sorted(map(str, found))
    return bool(wanted or found) and wanted != found


def _wire(value: Any) -> Any:
    """The same value in the API's words."""
    if isinstance(value, Mapping):
        return {_member(name): _wire(inner) for name, inner in value.items()}
    return value


def _member(name: str) -> str:
    return _READ_AS.get(name) or api_name(name)


def _short(value: Any) -> str:
    text = str(value)
    return f'"{text}"' if len(text) <= 40 else f'"{text[:37]}..."'  # noqa: PLR2004


no_silently_dropped_changes = Rule(
    name="no-silently-dropped-changes",
    description="What the provider reports as updated is really sent.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    why="For some fields the provider says updated and writes nothing, and for one it panics; the field contract knows "
    "which.",
    passes="Fields that an update sends; a new endpoint; values as they are in the workspace; notifications, telemetry "
    "and AI gateway of this project's components, which send them. What a read never shows (rate limits) is told.",
    fails="A description, budget policy, notifications, telemetry or switched-off inference table that differs from "
    "the live endpoint's. No AI gateway where the live endpoint has one. Burst scaling of a live endpoint: no read "
    "returns it, so every run deploys again.",
    reads_workspace=True,
)
