"""The rows of a request to a model, in one of the four input formats of MLflow's scoring protocol."""

from typing import Any, Final

from model_serving.workspace.http.errors import BadRequest
from model_serving.workspace.store.database import Json

INPUTS: Final = ("dataframe_split", "dataframe_records", "instances", "inputs")


def rows_of(body: Json) -> list[Any]:
    """The rows of a request. Raises BadRequest unless it has exactly one valid input format."""
    formats = [name for name in INPUTS if name in body]
    if len(formats) != 1:
        raise BadRequest(
            "Invalid input. The input must be a JSON dictionary with exactly one of the input fields"
            f" {', '.join(INPUTS)}. Received dictionary with input fields: {sorted(body)}."
        )
    value = body[formats[0]]
    match formats[0]:
        case "dataframe_split":
            return _split_rows(value)
        case "inputs" if isinstance(value, dict):
            return _columnar_rows(value)
        case _ if isinstance(value, list):
            return list(value)
        case name:
            raise BadRequest(f"Invalid input. '{name}' must be a list of rows.")


def _split_rows(value: Any) -> list[Json]:
    columns, data = (value.get("columns"), value.get("data")) if isinstance(value, dict) else (None, None)
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise BadRequest("Invalid input. 'dataframe_split' must hold 'columns' and 'data', a list of rows.")
    names = columns if isinstance(columns, list) else list(range(len(data[0]) if data else 0))
    if any(len(row) != len(names) for row in data):
        raise BadRequest(f"Invalid input. Every row of 'dataframe_split' must have {len(names)} values.")
    return [dict(zip(map(str, names), row, strict=True)) for row in data]


def _columnar_rows(value: Json) -> list[Json]:
    columns = {name: column if isinstance(column, list) else [column] for name, column in value.items()}
    if len({len(column) for column in columns.values()}) > 1:
        raise BadRequest("Invalid input. Every column of 'inputs' must have the same number of values.")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
