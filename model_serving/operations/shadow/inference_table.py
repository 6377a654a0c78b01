"""The inference table whose requests are replayed, and the statement that reads its newest ones."""

from collections.abc import Mapping
from typing import Any

from model_serving.databricks import inference_tables
from model_serving.databricks.inference_tables import InferenceTable
from model_serving.errors import UserError


def inference_table(endpoint: Mapping[str, Any]) -> InferenceTable:
    """The inference table that an endpoint writes now, by its description in the REST API. Raises UserError."""
    if table := inference_tables.inference_table(endpoint):
        return table
    raise UserError(
        f'Endpoint "{endpoint["name"]}" records no requests. Declare a table under `ai_gateway.inference_table`, or'
        " replay the requests of a file: --data FILE"
    )


def statement(table: InferenceTable) -> str:
    """The newest requests since a time. `:day` limits the partitions that are read."""
    columns = f"client_request_id, status_code, request, response, {table.milliseconds}, {table.entity}"
    return (
        f"SELECT {columns} FROM {table.quoted_name}"  # noqa: S608  values are parameters
        f" WHERE {table.day} >= :day AND {table.time} >= :since"
        " AND (client_request_id IS NULL OR client_request_id NOT LIKE :replayed)"
        f" ORDER BY {table.time} DESC LIMIT :most"
    )
