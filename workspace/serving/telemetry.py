"""The telemetry of an endpoint: how a telemetry configuration in a request is applied.

Source: Databricks CLI, libs/testserver/serving_endpoints.go and the acceptance tests of its telemetry drift.
"""

import uuid
from typing import Any, Final

from model_serving.workspace.http.errors import InvalidParameter
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.database import Json

_TABLES: Final = ("logs_table", "traces_table", "metrics_table", "annotations_table")


def apply_telemetry(previous: Json | None, requested: Any) -> Json | None:
    """The stored telemetry after a request with `requested`; None removes the previous one.

    Every request with `table_names` creates a telemetry profile. Reads return the profile's id, never the table names.
    A request with neither tables nor a profile changes nothing. The payload table is named after the logs table.
    """
    if requested is None:
        return None
    names = requested.get("table_names") or {}
    tables = [table for table in _TABLES if names.get(table)]
    profile = requested.get("telemetry_profile_id") or (str(uuid.uuid4()) if tables else None)
    if profile is None:
        return previous
    applied: Json = {"telemetry_profile_id": profile}
    if table := requested.get("inference_table_config"):
        named = {"name": f"{names['logs_table']}_payload"} if names.get("logs_table") else {}
        applied["inference_table_config"] = table | named
    return applied


def unsupported(entities: list[Json]) -> str | None:
    """The service's name for a type of endpoint without telemetry support, or None if it is supported."""
    if not entities:
        return "NO_CONFIG"
    return None if all(kind_of(entity) == "CUSTOM_MODEL" for entity in entities) else "EXTERNAL_MODELS"


def require_support(entities: list[Json]) -> None:
    """Raises InvalidParameter if telemetry isn't supported. A create ignores unsupported telemetry instead."""
    if kind := unsupported(entities):
        raise InvalidParameter(
            f"Telemetry configuration is not supported for endpoint type '{kind}'. This API only supports endpoints"
            " with custom served models."
        )
