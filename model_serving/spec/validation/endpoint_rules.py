"""The rules between the fields of one endpoint."""

from collections.abc import Iterator
from typing import Final

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_output, is_plaintext
from model_serving.spec.validation.messages import describe
from model_serving.spec.validation.served_entity_rules import served_entity_problems
from model_serving.spec.validation.suggestions import suggestion
from model_serving.spec.vocabulary.stack import BaseEndpoint, Endpoint, RateLimit, TelemetryConfig

_TOTAL: Final = 100
_NAMED: Final = ("user_group", "service_principal")


def endpoint_problems(endpoint: BaseEndpoint, path: FieldPath) -> Iterator[Problem]:
    """The problems of one endpoint, with those of its served entities."""
    yield from _traffic(endpoint, (*path, "traffic"))
    yield from _permissions(endpoint, (*path, "permissions"))
    if endpoint.auto_capture and not endpoint.auto_capture.enabled:
        message = "the Databricks provider never sends false, so the table would stay enabled"
        yield (
            (*path, "auto_capture", "enabled"),
            message,
            "Remove it; an endpoint without auto_capture keeps no table",
        )
    if endpoint.stopped:
        yield from _not_stoppable(endpoint, (*path, "stopped"))
    if is_output(endpoint.replace_id):
        yield (*path, "replace_id"), "must be text; found an output", "The hooks compare it. Write the id itself"
    if isinstance(endpoint, Endpoint) and endpoint.adopt_id and endpoint.replace_id:
        message = "an endpoint that is adopted stays as it is, and `replace_id` allows to delete it"
        yield (*path, "adopt_id"), message, "Adopt it first; set `replace_id` in a later commit"
    if endpoint.ai_gateway:
        yield from _rate_limits(endpoint.ai_gateway.rate_limits, (*path, "ai_gateway", "rate_limits"))
    if endpoint.telemetry_config:
        yield from _telemetry(endpoint.telemetry_config, (*path, "telemetry_config"))
    for name, entity in endpoint.served_entities.items():
        yield from served_entity_problems(entity, (*path, "served_entities", name))


def _not_stoppable(endpoint: BaseEndpoint, path: FieldPath) -> Iterator[Problem]:
    """Source: product documentation, manage model serving endpoints: only custom models can be stopped."""
    for name, entity in endpoint.served_entities.items():
        message = f'Databricks stops endpoints of custom models only, and "{name}" is'
        if entity.feature_spec is not None:
            hint = "Remove `stopped`; `scale_to_zero: true` on its entities saves cost while nobody asks"
            yield path, f"{message} a feature spec", hint
        elif entity.external_model is not None:
            yield path, f"{message} an external model", "Remove `stopped`"


def _traffic(endpoint: BaseEndpoint, path: FieldPath) -> Iterator[Problem]:
    entities, routes = endpoint.served_entities, endpoint.routes
    for name in routes:
        if name not in entities:
            hint = suggestion(name, entities, "Served entities here")
            yield (*path, name), f'no served entity is called "{name}"', hint
    if not routes:
        message = f"several served entities ({', '.join(entities)}) and no traffic between them"
        yield path, message, "Set a percentage for each, 100 in total; 0 keeps an entity deployed as a fallback"
        return
    for name in entities:
        if name not in routes:
            hint = f"Set a percentage; `{name}: 0` keeps it deployed as a fallback"
            yield path, f'served entity "{name}" has no traffic percentage', hint
    if (total := sum(routes.values())) != _TOTAL:
        yield path, f"sums to {total}, must be 100", "Change the percentages so that they add up to 100"


def _permissions(endpoint: BaseEndpoint, path: FieldPath) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for n, permission in enumerate(endpoint.granted):
        where = (*path, n)
        if len(permission.kinds) != 1:
            found = " and ".join(permission.kinds) or "none of them"
            yield (
                where,
                f"exactly one of service_principal, user and group; found {found}",
                "Use one entry for each principal",
            )
            continue
        kind, name = permission.kind, permission.principal
        if (kind, name) in seen:
            yield where, f"{kind} {describe(name)} has two entries", "Keep one of them"
        seen.add((kind, name))
        if kind == "group" and name == "admins":
            message = "workspace administrators always manage every endpoint; their permission can't be set"
            yield (*where, kind), message, "Remove this entry"


def _rate_limits(limits: list[RateLimit], path: FieldPath) -> Iterator[Problem]:
    seen: set[tuple[str, str | None]] = set()
    for n, limit in enumerate(limits):
        where = (*path, n)
        if limit.calls is None and limit.tokens is None:
            yield where, "has no limit", "Add `calls` or `tokens`, the maximum per minute"
        if limit.key in _NAMED and limit.principal is None:
            yield where, f"a limit by {limit.key} requires a principal", "Add `principal`"
        if limit.key == "endpoint" and limit.principal is not None:
            message = "a limit of the whole endpoint has no principal"
            yield (*where, "principal"), message, "Remove `principal`, or use another `key`"
        if (limit.key, limit.principal) in seen:
            whom = f"{limit.key} {describe(limit.principal)}" if limit.principal else limit.key
            yield where, f"{whom} has two limits", "Keep one of the two"
        seen.add((limit.key, limit.principal))


def _telemetry(telemetry: TelemetryConfig, path: FieldPath) -> Iterator[Problem]:
    if telemetry.table_names is not None and telemetry.telemetry_profile_id is not None:
        message = "table_names makes a telemetry profile, telemetry_profile_id names an existing one"
        yield (*path, "telemetry_profile_id"), message, "Keep one of the two"
    if telemetry.table_names and any(table is not None for _, table in telemetry.table_names):
        yield from _payload_table(telemetry, path)
    elif telemetry.telemetry_profile_id is None:
        message = "names no telemetry profile, so the workspace would accept it and discard it"
        yield path, message, "Set `table_names` with at least one table, or `telemetry_profile_id`"


def _payload_table(telemetry: TelemetryConfig, path: FieldPath) -> Iterator[Problem]:
    """Source: Databricks CLI, libs/testserver/serving_endpoints.go: it is named after the logs table."""
    name = telemetry.inference_table_config.name if telemetry.inference_table_config else None
    logs = telemetry.table_names.logs_table if telemetry.table_names else None
    if not is_plaintext(name) or not (logs is None or is_plaintext(logs)) or name == f"{logs}_payload":
        return
    message = f'with table_names the workspace chooses the name of this table, not "{name}"'
    way_out = f"Remove `name`; the table will be {logs}_payload" if logs else "Remove `name`"
    yield (*path, "inference_table_config", "name"), message, way_out
