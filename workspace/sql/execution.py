"""Execution of a SELECT on tables of Unity Catalog: SQLite runs it on their rows.

So a statement has SQLite's functions, not those of Databricks. Names in backticks and named parameters are the same in
both. Errors have the conditions and SQLSTATEs of Databricks' documentation on error conditions.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.workspace.catalog.grants import missing_on_table
from model_serving.workspace.dataplane import audit_log, system_tables
from model_serving.workspace.dataplane.audit_log import AUDIT, rows_of_audit
from model_serving.workspace.dataplane.system_tables import ENTITIES, rows_of_entities
from model_serving.workspace.http.call import Call
from model_serving.workspace.store.database import Json

TYPES: Final[Mapping[str, str]] = {
    "date": "DATE",
    "request_date": "DATE",
    "event_date": "DATE",
    "event_time": "TIMESTAMP",
    "request_time": "TIMESTAMP",
    "change_time": "TIMESTAMP",
    "timestamp_ms": "BIGINT",
    "status_code": "INT",
    "sampling_fraction": "DOUBLE",
    "execution_time_ms": "BIGINT",
    "execution_duration_ms": "BIGINT",
    "request_metadata": "MAP<STRING, STRING>",
    "logging_error_codes": "ARRAY<STRING>",
}
"""The types of the columns of inference tables and system tables that are not STRING."""

_COLUMNS: Final[Mapping[str, Sequence[str]]] = {**system_tables.COLUMNS, AUDIT: audit_log.COLUMNS}
"""The columns of system tables."""

_PART: Final = r"(?:`(?:[^`]|``)+`|\w+)"
_TABLE: Final = re.compile(rf"\b(?:FROM|JOIN)\s+({_PART}\.{_PART}\.{_PART})", re.IGNORECASE)
_MOST_STEPS: Final = 10_000_000
"""Steps of SQLite's machine that a statement may take."""


@dataclass(frozen=True)
class Result:
    """The columns and rows of a successful statement."""

    columns: Sequence[Json]
    rows: Sequence[Sequence[str | None]]


class StatementError(Exception):
    """A statement that fails, with its SQLSTATE."""

    def __init__(self, message: str, sql_state: str) -> None:
        super().__init__(f"{message} SQLSTATE: {sql_state}")
        self.sql_state = sql_state


def execute(call: Call, statement: str, parameters: Iterable[Json]) -> Result:
    """The result of a statement. Raises StatementError."""
    matches = [*_TABLE.finditer(statement)]
    if not matches or not statement.lstrip().upper().startswith("SELECT"):
        raise StatementError("[PARSE_SYNTAX_ERROR] The embedded workspace runs SELECT on tables only.", "42601")
    tables = {match[1]: ".".join(_unquoted(part) for part in re.findall(_PART, match[1])) for match in matches}
    rows = {name: _rows(call, name) for name in tables.values()}
    query = _TABLE.sub(lambda match: match[0].replace(match[1], _quoted(tables[match[1]])), statement)
    return _selected(query, rows, {str(each.get("name")): _bound(each) for each in parameters})


def _rows(call: Call, name: str) -> Sequence[Json]:
    """The rows of a table that the caller may read."""
    if name == AUDIT:
        rows = rows_of_audit(call.store)
    else:
        rows = rows_of_entities(call.store, call.clock.now()) if name == ENTITIES else call.store.rows(name)
    if not rows and call.store.get("uc_table", name) is None and name not in _COLUMNS:
        quoted = ".".join(f"`{part}`" for part in name.split("."))
        raise StatementError(f"[TABLE_OR_VIEW_NOT_FOUND] The table or view {quoted} cannot be found.", "42P01")
    if missing := missing_on_table(call, name):
        message = f"[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\nUser does not have {missing}."
        raise StatementError(message, "42501")
    return rows


def _selected(query: str, tables: Mapping[str, Sequence[Json]], parameters: Mapping[str, Any]) -> Result:
    with closing(sqlite3.connect(":memory:")) as database:
        for table, rows in tables.items():
            _fill(database, table, rows)
        database.execute("PRAGMA query_only = ON")
        database.set_progress_handler(lambda: 1, _MOST_STEPS)
        try:
            cursor = database.execute(query, parameters)
            found = [[None if value is None else str(value) for value in row] for row in cursor]
        except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as error:
            raise StatementError(f"[PARSE_SYNTAX_ERROR] {error}", "42601") from error
        names = [column for column, *_ in cursor.description]
    return Result([_column(position, name) for position, name in enumerate(names)], found)


def _fill(database: sqlite3.Connection, table: str, rows: Sequence[Json]) -> None:
    fixed = _COLUMNS.get(table, ())
    columns = list(dict.fromkeys([*fixed, *(name for row in rows for name in row)])) or ["databricks_request_id"]
    database.execute(f"CREATE TABLE {_quoted(table)} ({', '.join(map(_quoted, columns))})")
    marks = ", ".join("?" for _ in columns)
    values = ([_stored(name, row.get(name)) for name in columns] for row in rows)
    database.executemany(f"INSERT INTO {_quoted(table)} VALUES ({marks})", values)  # noqa: S608 - names are quoted


def _column(position: int, name: str) -> Json:
    kind = TYPES.get(name, "STRING")
    return {"name": name, "position": position, "type_name": kind.partition("<")[0], "type_text": kind}


def _stored(name: str, value: Any) -> Any:
    if TYPES.get(name) == "TIMESTAMP" and value is not None:
        return _timestamp(value / 1000)
    return json.dumps(value) if isinstance(value, dict | list) else value


def _bound(parameter: Json) -> Any:
    """The value of a parameter, which is sent as text with a type."""
    value, kind = parameter.get("value"), str(parameter.get("type") or "STRING").upper()
    if value is None:
        return None
    try:
        if kind in ("INT", "BIGINT", "LONG"):
            return int(value)
        return _timestamp(datetime.fromisoformat(str(value)).timestamp()) if kind == "TIMESTAMP" else str(value)
    except ValueError as error:
        message = f'[CAST_INVALID_INPUT] The value \'{value}\' of the type "STRING" cannot be cast to "{kind}".'
        raise StatementError(message, "22018") from error


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unquoted(part: str) -> str:
    return part[1:-1].replace("``", "`") if part.startswith("`") else part


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
