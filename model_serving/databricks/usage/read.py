"""Reads who called an endpoint since a time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.usage.last_minute import last_minute
from model_serving.databricks.usage.tables import Reader, Waiting, tables_of
from model_serving.databricks.usage.usage import Usage

TIMEOUT_SECONDS: Final = 180.0
"""For each statement, the start of the warehouse among it."""


def requests_since(
    workspace: Workspace,
    live_answer: Mapping[str, Any],
    since: datetime,
    warehouse: str,
    *,
    timeout: float = TIMEOUT_SECONDS,
    waiting: Waiting = lambda _state, _seconds: None,
) -> Usage:
    """The requests of an endpoint since a time, from each source that there is.

    `live_answer` describes the endpoint as the REST API does. `since` has a time zone. `warehouse` is the id of a SQL
    warehouse; with an empty one, tables are not read, which their readings say. `waiting` is called while the warehouse
    starts. A source that can't be read is a reading with a problem; this raises nothing.
    """
    now = datetime.now(UTC)
    reader = Reader(workspace, warehouse, timeout, waiting)
    readings = [reader.read(table, since, now) for table in tables_of(live_answer, since)]
    readings.append(last_minute(workspace, str(live_answer["name"]), now))
    return Usage(str(live_answer["name"]), since, tuple(readings))
