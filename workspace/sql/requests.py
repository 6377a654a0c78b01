"""Request models of the statement execution API. Source: REST reference; databricks-sdk-py `service/sql.py`."""

from typing import Any

from model_serving.workspace.http.request_model import Integer, Objects, RequestModel, Text


class Parameter(RequestModel):
    name: Text = None
    type: Text = None
    value: Any = None


class Statement(RequestModel):
    statement: Text = None
    warehouse_id: Text = None
    wait_timeout: Text = None
    on_wait_timeout: Text = None
    disposition: Text = None
    format: Text = None
    row_limit: Integer = None
    parameters: Objects[Parameter] = None
