"""Inference tables and the usage table: the rows that queries add to Unity Catalog.

`workspace/sql/` selects from them; `GET /_workspace/tables/{name}` returns a table's rows, oldest first. The last
10,000 rows of all tables together are stored. Source: product documentation, inference tables, AI gateway-enabled
inference tables.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.workspace.dataplane.system_tables import USAGE, remember_entity, served_entity_id
from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json

MAX_PAYLOAD_LENGTH: Final = 1024 * 1024
"""In characters; longer requests and responses are not captured."""


@dataclass(frozen=True)
class Query:
    """A query of an entity, with its response."""

    request_id: str
    endpoint: Json
    entity: Json
    status: int
    response: Any
    milliseconds: int


def list_all(call: Call) -> Json:
    """Lists the tables that have rows."""
    require_admin(call.access, "read tables")
    return {"tables": [{"full_name": name, "rows": rows} for name, rows in call.store.tables()]}


def read(call: Call) -> Json:
    require_admin(call.access, "read tables")
    rows = call.store.rows(call.path["full_name"])
    if not rows:
        raise DoesNotExist(f"Table '{call.path['full_name']}' has no rows.")
    return {"rows": rows}


def capture(call: Call, query: Query) -> None:
    """Adds a row to each table that is enabled for the endpoint."""
    for table, row in _rows(call, query):
        call.store.add_row(table, row)


def _rows(call: Call, query: Query) -> Iterator[tuple[str, Json]]:
    captured = (query.endpoint["config"] or {}).get("auto_capture_config") or {}
    if captured.get("enabled"):
        yield _table_name(captured, query), _shared(call, query) | _auto_capture(call, query)
    gateway = query.endpoint.get("ai_gateway") or {}
    inference = gateway.get("inference_table_config") or {}
    if inference.get("enabled"):
        yield _table_name(inference, query), _shared(call, query) | _gateway(call, query)
    if (gateway.get("usage_tracking_config") or {}).get("enabled"):
        remember_entity(call.store, query.endpoint, query.entity)
        yield USAGE, _usage(call, query)


def _table_name(table: Json, query: Query) -> str:
    prefix = table.get("table_name_prefix") or query.endpoint["name"]
    return f"{table.get('catalog_name')}.{table.get('schema_name')}.{prefix}_payload"


def _shared(call: Call, query: Query) -> Json:
    return {
        "databricks_request_id": query.request_id,
        "client_request_id": call.body.get("client_request_id"),
        "status_code": query.status,
        "sampling_fraction": 1.0,
        "request": _payload(call.body),
        "response": _payload(query.response),
    }


def _auto_capture(call: Call, query: Query) -> Json:
    named = {"model_name": query.entity.get("entity_name"), "model_version": query.entity.get("entity_version")}
    return {
        "date": _date(call.clock.now()),
        "timestamp_ms": milliseconds(call.clock.now()),
        "execution_time_ms": query.milliseconds,
        "request_metadata": named | {"endpoint_name": query.endpoint["name"]},
    }


def _gateway(call: Call, query: Query) -> Json:
    return {
        "request_date": _date(call.clock.now()),
        "request_time": milliseconds(call.clock.now()),
        "execution_duration_ms": query.milliseconds,
        "served_entity_id": served_entity_id(query.endpoint, query.entity["name"]),
        "requester": call.caller.name,
        "logging_error_codes": [],
    }


def _usage(call: Call, query: Query) -> Json:
    usage = query.response.get("usage") if isinstance(query.response, dict) else None
    tokens = usage or {}
    return {
        "databricks_request_id": query.request_id,
        "client_request_id": call.body.get("client_request_id"),
        "requester": call.caller.name,
        "served_entity_id": served_entity_id(query.endpoint, query.entity["name"]),
        "status_code": query.status,
        "request_time": milliseconds(call.clock.now()),
        "input_token_count": tokens.get("prompt_tokens"),
        "output_token_count": tokens.get("completion_tokens"),
        "usage_context": call.body.get("usage_context"),
        "request_streaming": bool(call.body.get("stream")),
    }


def _payload(value: Any) -> str | None:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MAX_PAYLOAD_LENGTH else None


def _date(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).date().isoformat()
