"""The inference table of an endpoint, of one of two kinds: where it is, and what its columns are called.

Sources: product documentation, inference tables (`auto_capture_config`) and AI gateway-enabled inference tables: their
names, columns, and that requests are delivered within an hour. Only the gateway's table says who sent a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from model_serving.databricks.sql_statements import Parameter, quoted

DELIVERED_WITHIN: Final = timedelta(hours=1)
"""A request is in the table at the latest after this time."""


@dataclass(frozen=True)
class InferenceTable:
    """A table of recorded requests, and the names of the columns that the two kinds of it call differently."""

    catalog: str
    schema: str
    name: str
    day: str
    time: str
    milliseconds: str
    entity: str
    requester: str | None
    """The column with the id of the user or service principal; None if the table has none."""

    @property
    def full_name(self) -> str:
        """`catalog.schema.table`."""
        return f"{self.catalog}.{self.schema}.{self.name}"

    @property
    def quoted_name(self) -> str:
        """The full name in backticks, for statements."""
        return quoted(self.catalog, self.schema, self.name)

    def since(self, moment: datetime) -> dict[str, Parameter]:
        """`:since` in the type of the column of times, and `:day`, which limits the partitions that are read."""
        since = Parameter(moment.isoformat(timespec="milliseconds"), "TIMESTAMP")
        if self.time == "timestamp_ms":
            since = Parameter(str(round(moment.timestamp() * 1000)), "BIGINT")
        return {"day": Parameter(moment.date().isoformat(), "DATE"), "since": since}


def inference_table(endpoint: Mapping[str, Any]) -> InferenceTable | None:
    """The table that an endpoint writes now, by its description in the REST API; None if it records no requests."""
    gateway = (endpoint.get("ai_gateway") or {}).get("inference_table_config") or {}
    captured = (endpoint.get("config") or {}).get("auto_capture_config") or {}
    if gateway.get("enabled"):
        columns = ("request_date", "request_time", "execution_duration_ms", "served_entity_id", "requester")
        return InferenceTable(*_place(gateway, endpoint["name"]), *columns)
    if captured.get("enabled"):
        names = ("date", "timestamp_ms", "execution_time_ms", "request_metadata")
        return InferenceTable(*_place(captured, endpoint["name"]), *names, requester=None)
    return None


def _place(table: Mapping[str, Any], endpoint: str) -> tuple[str, str, str]:
    state = ((table.get("state") or {}).get("payload_table") or {}).get("name")
    name = state or f"{table.get('table_name_prefix') or endpoint}_payload"
    return str(table["catalog_name"]), str(table["schema_name"]), str(name)
