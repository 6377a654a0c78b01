"""Who changed serving endpoints, from the table `system.access.audit`.

Sources: product documentation, audit log system table, for its columns; audit log reference, and queries of users, for
the service's name and that a permission change has the endpoint's id as `resourceId`, any other event its name. A
struct or a map is JSON in a result of the statement execution API. Not verified: that no event lacks both; such a one
is not found. Account admins grant access to the table; it is updated throughout the day.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.sql_statements import Parameter, Row, select

AUDIT: Final = "system.access.audit"
_SERVICE: Final = "serverlessRealTimeInference"
_MOST_EVENTS: Final = 1000


@dataclass(frozen=True)
class Event:
    """A write to an endpoint."""

    action: str
    who: str
    time: float
    """UNIX time."""
    about: frozenset[str]
    """The parameters of the request: the endpoint's name or its id is one of them."""


def serving_events(
    workspace: Workspace,
    warehouse: str,
    since: datetime,
    *,
    timeout: float = 300.0,
    waiting: Callable[[str, float], None] = lambda _state, _seconds: None,
) -> list[Event]:
    """The writes to serving endpoints since a time, the newest first, at most 1,000. Raises CallError.

    `timeout` is in seconds; `waiting` is called while the warehouse starts.
    """
    statement = (
        "SELECT event_time, action_name, user_identity, request_params"  # noqa: S608  names of our own
        f" FROM {AUDIT} WHERE service_name = :service AND event_date >= :day AND event_time >= :since"
        " AND action_name NOT LIKE 'get%' AND action_name NOT LIKE 'list%' AND action_name NOT LIKE 'query%'"
        f" ORDER BY event_time DESC LIMIT {_MOST_EVENTS}"
    )
    parameters = {
        "service": Parameter(_SERVICE),
        "day": Parameter(since.date().isoformat(), "DATE"),
        "since": Parameter(since.isoformat(timespec="milliseconds"), "TIMESTAMP"),
    }
    rows = select(workspace, warehouse, statement, parameters, timeout=timeout, waiting=waiting)
    return [event for row in rows if (event := _event(row))]


def _event(row: Row) -> Event | None:
    moment, who = _time(row["event_time"]), _map(row["user_identity"])
    if moment is None:
        return None
    about = frozenset(str(value) for value in _map(row["request_params"]).values() if isinstance(value, str))
    return Event(row["action_name"] or "", str(who.get("email") or who.get("subjectName") or ""), moment, about)


def _map(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _time(text: str | None) -> float | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
