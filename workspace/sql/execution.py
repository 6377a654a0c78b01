"""Execution of a SELECT on one table of Unity Catalog: SQLite runs it on the table's rows.

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
from model_serving.workspace.http.call import Call
from model_serving.workspace.store.database import Json

TYPES: Final[Mapping[str, str]] = {
    "date": "DATE",
    "request_date": "DATE",
    "request_time": "TIMESTAMP",
    "timestamp_ms": "BIGINT",
    "status_code": "INT",
    "sampling_fraction": "DOUBLE",
    "execution_time_ms": "BIGINT",
    "execution_duration_ms": "BIGINT",
    "request_metadata": "MAP<STRING, STRING>",
    "logging_error_codes": "ARRAY<STRING>",
}
"""The types of the columns of inference tables that are not STRING."""

_PART: Final = r"(?:`(?:[^`]|``)+`|\w+)"
_TABLE: Final = re.compile(rf"\bFROM\s+({_PART}\.{_PART}\.{_PART})", re.IGNORECASE)
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
    match = _TABLE.search(statement)
    if match is None or not statement.lstrip().upper().startswith("SELECT"):
        raise StatementError("[PARSE_SYNTAX_ERROR] The embedded workspace runs SELECT on one table only.", "42601")
    name = ".".join(_unquoted(part) for part in re.findall(_PART, match[1]))
    rows = call.store.rows(name)
    if not rows and call.store.get("uc_table", name) is None:
        quoted = ".".join(f"`{part}`" for part in name.split("."))
        raise StatementError(f"[TABLE_OR_VIEW_NOT_FOUND] The table or view {quoted} cannot be found.", "42P01")
    if missing := missing_on_table(call, name):
        message = f"[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\nUser does not have {missing}."
        raise StatementError(message, "42501")
    query = f"{statement[: match.start(1)]}rows_of_table{statement[match.end(1) :]}"
    return _selected(query, rows, {str(each.get("name")): _bound(each) for each in parameters})


def _selected(query: str, rows: Sequence[Json], parameters: Mapping[str, Any]) -> Result:
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["databricks_request_id"]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE rows_of_table ({', '.join(map(_quoted, columns))})")
        marks = ", ".join("?" for _ in columns)
        values = ([_stored(name, row.get(name)) for name in columns] for row in rows)
        database.executemany(f"INSERT INTO rows_of_table VALUES ({marks})", values)  # noqa: S608 - only marks
        database.execute("PRAGMA query_only = ON")
        database.set_progress_handler(lambda: 1, _MOST_STEPS)
        try:
            cursor = database.execute(query, parameters)
            found = [[None if value is None else str(value) for value in row] for row in cursor]
        except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as error:
            raise StatementError(f"[PARSE_SYNTAX_ERROR] {error}", "42601") from error
        names = [column for column, *_ in cursor.description]
    return Result([_column(position, name) for position, name in enumerate(names)], found)


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
