"""Statements on a SQL warehouse, through the statement execution API.

Values are sent as parameters, never as a part of the statement. Sources: REST reference, statement execution;
databricks-sdk, `service/sql.py`: results of disposition INLINE are limited to 25 MiB and come in chunks, every value is
a text or null, and a statement waits (PENDING) while its warehouse starts.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPMethod
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import CallError

WAREHOUSE: Final = "DATABRICKS_WAREHOUSE_ID"
"""The variable with the id of a SQL warehouse, which other tools of Databricks read, too."""

_STATEMENTS: Final = "/api/2.0/sql/statements"
_WAIT_SECONDS: Final = 10
"""How long the service holds the first answer back, of 5 to 50."""

_PAUSE_SECONDS: Final = 2.0
_RUNNING: Final = ("PENDING", "RUNNING")
Row = Mapping[str, str | None]
"""The values of a row by column."""


class StatementFailedError(CallError):
    """A statement that the warehouse did not carry out. `code` is the error condition, TABLE_OR_VIEW_NOT_FOUND."""


class StatementTimeoutError(CallError):
    """A statement that did not end in time; it was canceled."""


@dataclass(frozen=True)
class Parameter:
    """The value of a named parameter, `:since`, with its SQL type."""

    value: str
    type: str = "STRING"


def quoted(*names: str) -> str:
    """The full name of a table in backticks: of its catalog, its schema and itself."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def select(
    workspace: Workspace,
    warehouse_id: str,
    statement: str,
    parameters: Mapping[str, Parameter],
    *,
    timeout: float = 300.0,
    waiting: Callable[[str, float], None] = lambda _state, _seconds: None,
) -> Iterator[Row]:
    """The rows of a statement, fetched chunk by chunk.

    `timeout` is in seconds. `waiting` is called with the state and the seconds that have passed while the statement has
    not ended. Raises CallError: StatementFailedError with the warehouse's message, and StatementTimeoutError.
    """
    body = {
        "statement": statement,
        "warehouse_id": warehouse_id,
        "wait_timeout": f"{_WAIT_SECONDS}s",
        "on_wait_timeout": "CONTINUE",
        "disposition": "INLINE",
        "format": "JSON_ARRAY",
        "parameters": [{"name": name, "value": each.value, "type": each.type} for name, each in parameters.items()],
    }
    began = time.monotonic()
    answer = workspace.call(HTTPMethod.POST, _STATEMENTS, body)
    path = f"{_STATEMENTS}/{quote(str(answer.get('statement_id')))}"
    while (state := _state(answer)) in _RUNNING:
        seconds = time.monotonic() - began
        if seconds >= timeout:
            workspace.call(HTTPMethod.POST, f"{path}/cancel")
            raise StatementTimeoutError(
                f"The statement on SQL warehouse {warehouse_id} is {state} after {seconds:.0f} seconds, so it was"
                " canceled. Run the command again when the warehouse runs"
            )
        waiting(state, seconds)
        time.sleep(_PAUSE_SECONDS)
        answer = workspace.get(path)
    if state != "SUCCEEDED":
        raise _failed(state, answer)
    yield from _rows(workspace, path, answer)


def _state(answer: Mapping[str, Any]) -> str:
    return str((answer.get("status") or {}).get("state"))


def _failed(state: str, answer: Mapping[str, Any]) -> StatementFailedError:
    """The error, whose message begins with its condition in brackets."""
    error = answer["status"].get("error") or {}
    message = " ".join(str(error.get("message") or f"The statement is {state}").split())
    condition = message[1:].partition("]")[0] if message.startswith("[") else str(error.get("error_code") or state)
    return StatementFailedError(message, condition)


def _rows(workspace: Workspace, path: str, answer: Mapping[str, Any]) -> Iterator[Row]:
    columns = [column["name"] for column in answer["manifest"]["schema"].get("columns") or []]
    chunk = answer.get("result") or {}
    while True:
        yield from (dict(zip(columns, values, strict=True)) for values in chunk.get("data_array") or [])
        if (following := chunk.get("next_chunk_index")) is None:
            return
        chunk = workspace.get(f"{path}/result/chunks/{following}")
