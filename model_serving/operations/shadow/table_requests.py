"""Recorded requests from an endpoint's inference table, read through a SQL warehouse.

Sources: product documentation, inference tables: a request is delivered within an hour, and payloads that are too long
are null. The AI gateway's table names the served entity by an id that no REST API returns, so requests that the entity
answered itself are replayed, too.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import NotFoundError, WorkspaceError
from model_serving.databricks.inference_tables import InferenceTable
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.databricks.sql_statements import Parameter, Row, select
from model_serving.databricks.table_problems import explained
from model_serving.errors import UserError
from model_serving.operations.shadow.inference_table import inference_table, statement
from model_serving.operations.shadow.recorded import MARK, Recorded
from model_serving.operations.shadow.sources import Source
from model_serving.spec.validation.suggestions import suggestion

DEFAULT_SINCE: Final = 24 * 3600.0
DEFAULT_LIMIT: Final = 1000
_GOOD: Final = "200"
_INSTEAD: Final = "replay the requests of a file: --data FILE"


def recorded_requests(
    workspace: Workspace,
    endpoint_name: str,
    entity: str,
    *,
    warehouse: str,
    since: float = DEFAULT_SINCE,
    limit: int = DEFAULT_LIMIT,
    waiting: Callable[[str, float], None] = lambda _state, _seconds: None,
) -> Source:
    """The newest `limit` requests of the last `since` seconds, without those of earlier shadow runs.

    `entity` is whom they will be replayed to: requests that it answered itself are left out, where the table shows it.
    `waiting` is called while the warehouse starts. Raises UserError, also where there is nothing to replay.
    """
    try:
        endpoint = workspace.get(endpoint_path(endpoint_name))
    except NotFoundError:
        raise UserError(f'The workspace has no endpoint "{endpoint_name}"') from None
    except WorkspaceError as error:
        raise UserError(f'Endpoint "{endpoint_name}" can\'t be read: {error}') from error
    own = _own_answers(endpoint, entity)
    table, began = inference_table(endpoint), datetime.now(UTC) - timedelta(seconds=since)
    parameters = {
        **table.since(began),
        "replayed": Parameter(f"{MARK}%"),
        "most": Parameter(str(limit), "INT"),
    }
    try:
        rows = [*select(workspace, warehouse, statement(table), parameters, waiting=waiting)]
    except WorkspaceError as error:
        raise UserError(explained(error, table.full_name, warehouse, instead=_INSTEAD)) from error
    source = _source(table, rows, own)
    if not source.requests:
        raise UserError(_nothing(source, since))
    return source


def _source(table: InferenceTable, rows: list[Row], own: Callable[[str], bool]) -> Source:
    requests: list[Recorded] = []
    skipped: Counter[str] = Counter()
    for row in rows:
        try:
            requests.append(_recorded(row, table, own))
        except _SkippedRowError as reason:
            skipped[str(reason)] += 1
    return Source(table.full_name, requests, dict(skipped))


class _SkippedRowError(Exception):
    """Why a recorded request is not replayed."""


def _recorded(row: Row, table: InferenceTable, own: Callable[[str], bool]) -> Recorded:
    if row["status_code"] != _GOOD:
        raise _SkippedRowError("answered with an error")
    if own(row[table.entity] or ""):
        raise _SkippedRowError("answered by the served entity itself")
    if row["request"] is None or row["response"] is None:
        raise _SkippedRowError("too long to be recorded")
    request, answer = _object(row["request"], "request"), _object(row["response"], "answer")
    milliseconds = row[table.milliseconds]
    return Recorded(request, answer, None if milliseconds is None else float(milliseconds))


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise _SkippedRowError(f"whose {what} is cut off or no JSON") from None
    if not isinstance(value, dict):
        raise _SkippedRowError(f"whose {what} is no JSON object")
    return value


def _own_answers(endpoint: Mapping[str, Any], entity: str) -> Callable[[str], bool]:
    """Whether the value of a row's entity column stands for the served entity, and for no other of the endpoint.

    Raises UserError with the closest served entity if the endpoint has none of that name.
    """
    served = (endpoint.get("config") or {}).get("served_entities") or []
    models = {each["name"]: (each.get("entity_name"), each.get("entity_version")) for each in served}
    if entity not in models:
        hint = suggestion(entity, models, "Its served entities")
        raise UserError(f'"{endpoint["name"]}" has no served entity "{entity}". {hint}')
    own = models[entity]
    is_only = [*models.values()].count(own) == 1

    def is_own(value: str) -> bool:
        if not value.startswith("{"):
            return value == entity
        metadata = json.loads(value)
        return is_only and (metadata.get("model_name"), metadata.get("model_version")) == own

    return is_own


def _nothing(source: Source, since: float) -> str:
    hours = f"{since / 3600:g} h"
    if source.skipped:
        reasons = ", ".join(f"{number} {reason}" for reason, number in source.skipped.items())
        return f"No request of the last {hours} in {source.name} can be replayed: {reasons}"
    return (
        f"{source.name} has no request of the last {hours}. Databricks delivers requests within an hour: choose a"
        " longer time, as in --since 72h"
    )
