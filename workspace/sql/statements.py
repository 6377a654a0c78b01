"""The statement execution API: disposition INLINE with the format JSON_ARRAY, the defaults of the service.

Sources: REST reference, statement execution; databricks-sdk-py `service/sql.py`; the message about the byte limit from
users' logs. A statement is carried out when it is submitted; it stays PENDING for as long as its warehouse starts.
"""

import re
import uuid
from typing import Final

from model_serving.workspace.http.call import Call, Reply, required
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.sql import requests
from model_serving.workspace.sql.execution import Result, StatementError, execute
from model_serving.workspace.sql.warehouses import running_at
from model_serving.workspace.store.database import Json

MAX_INLINE_BYTES: Final = 26214400
CHUNK_ROWS: Final = 500
"""Rows in one chunk of a result; the service divides by bytes."""

DEFAULT_WAIT: Final = "10s"
FIRST_WAIT, LAST_WAIT = 5, 50


@accepts(requests.Statement)
def submit(call: Call) -> Reply:
    """Carries out a statement, and waits for its warehouse for at most `wait_timeout`."""
    statement, warehouse = required(call.body, "statement", "warehouse_id")
    for member, only in (("disposition", "INLINE"), ("format", "JSON_ARRAY")):
        if call.body.get(member, only) != only:
            raise InvalidParameter(f"{member} {call.body[member]} is not supported by the embedded workspace")
    wait = _wait(call.body.get("wait_timeout") or DEFAULT_WAIT)
    now = call.clock.now()
    ends = running_at(call.store, warehouse, now)
    record: Json = {"id": str(uuid.uuid4()), "caller": call.caller.name, "ends_at": ends}
    record["canceled"] = ends > now + wait and call.body.get("on_wait_timeout") == "CANCEL"
    record |= _outcome(call, statement)
    call.store.put("statement", record["id"], record)
    delay = max(0.0, min(wait, ends - now))
    return Reply(_response(record, now + delay), delay=delay)


def get(call: Call) -> Json:
    return _response(_own(call), call.clock.now())


def get_chunk(call: Call) -> Json:
    record = _own(call)
    if _state(record, call.clock.now()) != "SUCCEEDED":
        raise InvalidParameter(f"Statement {record['id']} has no result.")
    return _chunk(record, int(call.path["chunk_index"]) if call.path["chunk_index"].isdecimal() else -1)


def cancel(call: Call) -> Json:
    """Cancels a statement that has not finished."""
    record = _own(call)
    if _state(record, call.clock.now()) == "PENDING":
        call.store.put("statement", record["id"], record | {"canceled": True})
    return {}


def _outcome(call: Call, statement: str) -> Json:
    """The result or the error of a statement."""
    try:
        result = execute(call, statement, call.body.get("parameters") or [])
        _check_size(result)
    except StatementError as error:
        return {"error": {"error_code": "BAD_REQUEST", "message": str(error)}, "sql_state": error.sql_state}
    limit = call.body.get("row_limit")
    rows = result.rows if limit is None else result.rows[:limit]
    return {"columns": result.columns, "rows": rows, "truncated": len(rows) < len(result.rows)}


def _check_size(result: Result) -> None:
    if sum(len(value or "") for row in result.rows for value in row) > MAX_INLINE_BYTES:
        raise StatementError(
            "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at most"
            f" {MAX_INLINE_BYTES} bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want to"
            " download the full result.",
            "54000",
        )


def _wait(text: str) -> int:
    match = re.fullmatch(r"(\d+)s", text)
    if match is None or not (int(match[1]) == 0 or FIRST_WAIT <= int(match[1]) <= LAST_WAIT):
        raise InvalidParameter(f"wait_timeout must be 0s or between {FIRST_WAIT}s and {LAST_WAIT}s.")
    return int(match[1])


def _own(call: Call) -> Json:
    """The statement in the path: only who submitted it may read it."""
    record = call.store.get("statement", call.path["statement_id"])
    if record is None or record["caller"] != call.caller.name:
        raise DoesNotExist(f"The statement {call.path['statement_id']} was not found.")
    return record


def _state(record: Json, now: float) -> str:
    if record["canceled"]:
        return "CANCELED"
    if now < record["ends_at"]:
        return "PENDING"
    return "FAILED" if "error" in record else "SUCCEEDED"


def _response(record: Json, now: float) -> Json:
    state = _state(record, now)
    response: Json = {"statement_id": record["id"], "status": {"state": state}}
    if state == "FAILED":
        response["status"] |= {"error": record["error"], "sql_state": record["sql_state"]}
    if state == "SUCCEEDED":
        response["manifest"] = {
            "format": "JSON_ARRAY",
            "schema": {"column_count": len(record["columns"]), "columns": record["columns"]},
            "total_chunk_count": _chunks(record),
            "total_row_count": len(record["rows"]),
            "truncated": record["truncated"],
        }
        response["result"] = _chunk(record, 0) if record["rows"] else {}
    return response


def _chunk(record: Json, index: int) -> Json:
    if not 0 <= index < _chunks(record):
        raise InvalidParameter(f"Chunk {index} of statement {record['id']} does not exist.")
    rows = record["rows"][index * CHUNK_ROWS : (index + 1) * CHUNK_ROWS]
    chunk = {"chunk_index": index, "row_offset": index * CHUNK_ROWS, "row_count": len(rows), "data_array": rows}
    if index + 1 == _chunks(record):
        return chunk
    link = f"/api/2.0/sql/statements/{record['id']}/result/chunks/{index + 1}?row_offset={(index + 1) * CHUNK_ROWS}"
    return chunk | {"next_chunk_index": index + 1, "next_chunk_internal_link": link}


def _chunks(record: Json) -> int:
    return -(-len(record["rows"]) // CHUNK_ROWS)
