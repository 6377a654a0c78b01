"""The telemetry of an endpoint: what becomes of a telemetry configuration that a client sends.

Source: Databricks CLI, libs/testserver/serving_endpoints.go and the acceptance tests of its telemetry drift.
"""

import uuid
from typing import Any, Final

from model_serving.workspace.http.errors import InvalidParameter
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.database import Json

_TABLES: Final = ("logs_table", "traces_table", "metrics_table", "annotations_table")


def applied(previous: Json | None, wanted: Any) -> Json | None:
    """The telemetry that an endpoint has after `wanted` was sent; nothing sent removes what it had.

    `table_names` makes a new telemetry profile each time and is never returned: the profile's id is. What names
    neither tables nor a profile is accepted and discarded. The payload table is named after the logs table.
    """
    if wanted is None:
        return None
    names = wanted.get("table_names") or {}
    tables = [table for table in _TABLES if names.get(table)]
    profile = wanted.get("telemetry_profile_id") or (str(uuid.uuid4()) if tables else None)
    if profile is None:
        return previous
    kept: Json = {"telemetry_profile_id": profile}
    if table := wanted.get("inference_table_config"):
        named = {"name": f"{names['logs_table']}_payload"} if names.get("logs_table") else {}
        kept["inference_table_config"] = table | named
    return kept


def unsupported(entities: list[Json]) -> str | None:
    """The type of endpoint that can't have telemetry, in the service's word for it; None where it can."""
    if not entities:
        return "NO_CONFIG"
    return None if all(kind_of(entity) == "CUSTOM_MODEL" for entity in entities) else "EXTERNAL_MODELS"


def require_support(entities: list[Json]) -> None:
    """A creation drops telemetry without a word where it isn't supported; the call for it refuses."""
    if kind := unsupported(entities):
        raise InvalidParameter(
            f"Telemetry configuration is not supported for endpoint type '{kind}'. This API only supports endpoints"
            " with custom served models."
        )
