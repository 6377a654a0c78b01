"""The inference table of an endpoint, of one of two kinds, and the statement that reads its newest requests.

Sources: product documentation, inference tables (`auto_capture_config`) and AI gateway-enabled inference tables: their
names and columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from model_serving.databricks.sql_statements import Parameter, quoted
from model_serving.errors import UserError


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

    @property
    def full_name(self) -> str:
        """`catalog.schema.table`."""
        return f"{self.catalog}.{self.schema}.{self.name}"

    def statement(self) -> str:
        """The newest requests since a time. `:day` limits the partitions that are read."""
        columns = f"client_request_id, status_code, request, response, {self.milliseconds}, {self.entity}"
        return (
            f"SELECT {columns} FROM {quoted(self.catalog, self.schema, self.name)}"  # noqa: S608  values are parameters
            f" WHERE {self.day} >= :day AND {self.time} >= :since"
            " AND (client_request_id IS NULL OR client_request_id NOT LIKE :replayed)"
            f" ORDER BY {self.time} DESC LIMIT :most"
        )

    def since(self, moment: datetime) -> Parameter:
        """The parameter for a time, in the type of the column."""
        if self.time == "timestamp_ms":
            return Parameter(str(round(moment.timestamp() * 1000)), "BIGINT")
        return Parameter(moment.isoformat(timespec="milliseconds"), "TIMESTAMP")


def inference_table(endpoint: Mapping[str, Any]) -> InferenceTable:
    """The inference table that an endpoint writes now, by its description in the REST API. Raises UserError."""
    gateway = (endpoint.get("ai_gateway") or {}).get("inference_table_config") or {}
    captured = (endpoint.get("config") or {}).get("auto_capture_config") or {}
    if gateway.get("enabled"):
        columns = ("request_date", "request_time", "execution_duration_ms", "served_entity_id")
        return InferenceTable(*_place(gateway, endpoint["name"]), *columns)
    if captured.get("enabled"):
        columns = ("date", "timestamp_ms", "execution_time_ms", "request_metadata")
        return InferenceTable(*_place(captured, endpoint["name"]), *columns)
    raise UserError(
        f'Endpoint "{endpoint["name"]}" records no requests. Declare a table under `ai_gateway.inference_table`, or'
        " replay the requests of a file: --data FILE"
    )


def _place(table: Mapping[str, Any], endpoint: str) -> tuple[str, str, str]:
    state = ((table.get("state") or {}).get("payload_table") or {}).get("name")
    name = state or f"{table.get('table_name_prefix') or endpoint}_payload"
    return str(table["catalog_name"]), str(table["schema_name"]), str(name)
