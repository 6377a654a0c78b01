"""The tables that have an endpoint's requests, and the statements that count them by requester.

Sources: product documentation, AI gateway usage tracking: `system.serving.endpoint_usage` and
`system.serving.served_entities` with their columns, readable by account admins until they grant it; system tables: they
are updated throughout the day and don't support real-time monitoring. Not verified on a workspace: that `endpoint_id`
of `served_entities` is the id that the REST API gives; so an endpoint that the table does not know is a problem, not
an endpoint without requests. `status_code` is not looked at: a caller that gets errors has not moved either.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.inference_tables import DELIVERED_WITHIN, inference_table
from model_serving.databricks.sql_statements import WAREHOUSE, Parameter, Row, select
from model_serving.databricks.table_problems import explained
from model_serving.databricks.usage.usage import Kind, Reading, Requester

USAGE: Final = "system.serving.endpoint_usage"
_ENTITIES: Final = "system.serving.served_entities"
_UPDATED_WITHIN: Final = timedelta(days=1)
Waiting = Callable[[str, float], None]
"""Called with the state and the seconds that have passed while a warehouse starts."""


@dataclass(frozen=True)
class TableOfRequests:
    """A table and the statement that counts its requests since a time, by requester."""

    kind: Kind
    name: str
    delay: timedelta
    """A request is in the table at the latest after this time."""
    statement: str
    parameters: Mapping[str, Parameter]
    knows_endpoints: bool = False
    """Whether a result without rows means that the table does not know the endpoint."""


def tables_of(endpoint: Mapping[str, Any], since: datetime) -> Iterator[TableOfRequests]:
    """The tables that an endpoint writes, by its description in the REST API."""
    if table := inference_table(endpoint):
        who = table.requester or "NULL"
        counted = (
            f"SELECT {who} AS requester, COUNT(*) AS requests, MAX({table.time}) AS last_request"  # noqa: S608  names of our own
            f" FROM {table.quoted_name} WHERE {table.day} >= :day AND {table.time} >= :since GROUP BY 1"
        )
        yield TableOfRequests(Kind.INFERENCE_TABLE, table.full_name, DELIVERED_WITHIN, counted, table.since(since))
    if ((endpoint.get("ai_gateway") or {}).get("usage_tracking_config") or {}).get("enabled"):
        parameters = {
            "endpoint": Parameter(str(endpoint.get("id"))),
            "since": Parameter(since.isoformat(timespec="milliseconds"), "TIMESTAMP"),
        }
        # An entity has a row for each of its configurations, so without DISTINCT its requests would count twice.
        counted = (
            "SELECT used.requester, COUNT(used.databricks_request_id) AS requests, MAX(used.request_time) AS"  # noqa: S608  names of our own
            f" last_request FROM (SELECT DISTINCT served_entity_id FROM {_ENTITIES} WHERE endpoint_id = :endpoint) AS"
            f" entities LEFT JOIN {USAGE} AS used ON used.served_entity_id = entities.served_entity_id"
            " AND used.request_time >= :since GROUP BY 1"
        )
        yield TableOfRequests(Kind.USAGE_TABLE, USAGE, _UPDATED_WITHIN, counted, parameters, knows_endpoints=True)


@dataclass(frozen=True)
class Reader:
    """Reads tables through a SQL warehouse. `timeout` is in seconds, for each."""

    workspace: Workspace
    warehouse: str
    timeout: float
    waiting: Waiting

    def read(self, table: TableOfRequests, since: datetime, now: datetime) -> Reading:
        """What the table says."""
        if not self.warehouse:
            return unread(table, since, f"To read {table.name}, name a SQL warehouse: set {WAREHOUSE}")
        asked = (self.workspace, self.warehouse, table.statement, table.parameters)
        try:
            rows = [*select(*asked, timeout=self.timeout, waiting=self.waiting)]
        except WorkspaceError as error:
            return unread(table, since, explained(error, table.name, self.warehouse))
        if table.knows_endpoints and not rows:
            return unread(
                table, since, f"{_ENTITIES} does not know the endpoint, so {table.name} can't count its requests"
            )
        found = tuple(_requester(row) for row in rows if int(row["requests"] or 0))
        return Reading(table.kind, table.name, since, max(since, now - table.delay), found)


def unread(table: TableOfRequests, since: datetime, problem: str) -> Reading:
    """A reading of a table that could not be read."""
    return Reading(table.kind, table.name, since, since, problem=problem)


def _requester(row: Row) -> Requester:
    return Requester(row["requester"] or "", int(row["requests"] or 0), _time(row["last_request"]))


def _time(value: str | None) -> datetime | None:
    if not value:
        return None
    if value.isdecimal():
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
