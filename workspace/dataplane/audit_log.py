"""The table system.access.audit, as far as it is about serving endpoints: the writes of the journal.

Documented actions are createServingEndpoint, updateServingEndpoint, deleteServingEndpoint, changeInferenceEndpointAcl,
with the endpoint's id as `resourceId`, and putInferenceEndpointAiGateway; the names of the others are ours. Source:
product documentation, audit log reference, and queries of users on that table. The embedded workspace is never behind.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json, Store

AUDIT: Final = "system.access.audit"
COLUMNS: Final = ("event_time", "event_date", "service_name", "action_name", "user_identity", "request_params")

_SERVICE: Final = "serverlessRealTimeInference"
_ENDPOINT: Final = re.compile(r"/api/2\.0/serving-endpoints(?:/pt)?(?:/(?P<name>[^/]+)(?:/(?P<part>.+))?)?/?")
_ACCESS: Final = re.compile(r"/api/2\.0/permissions/serving-endpoints/(?P<id>[^/]+)")
_ACTIONS: Final = {
    ("POST", None): "createServingEndpoint",
    ("DELETE", None): "deleteServingEndpoint",
    ("PUT", "config"): "updateServingEndpoint",
    ("PUT", "ai-gateway"): "putInferenceEndpointAiGateway",
    ("PATCH", "tags"): "updateServingEndpointTags",
    ("PATCH", "notifications"): "updateServingEndpointNotifications",
    ("PATCH", "telemetry-config"): "updateServingEndpointTelemetryConfig",
    ("POST", "config:stop"): "stopServingEndpoint",
    ("POST", "config:start"): "startServingEndpoint",
}


def rows_of_audit(store: Store) -> list[Json]:
    """One row for each successful write to an endpoint or its access list, the oldest first."""
    return [row for entry in store.read_journal(writes_only=True) for row in _rows(entry)]


def _rows(entry: Json) -> Iterator[Json]:
    if entry["status"] != HTTPStatus.OK:
        return
    body = entry.get("body") if isinstance(entry.get("body"), dict) else {}
    if match := _ACCESS.fullmatch(entry["path"]):
        yield _row(entry, "changeInferenceEndpointAcl", {"resourceId": match["id"]})
    elif match := _ENDPOINT.fullmatch(entry["path"]):
        name = match["name"] or (body or {}).get("name")
        if action := _ACTIONS.get((entry["method"], match["part"])):
            yield _row(entry, action, {"name": name})


def _row(entry: Json, action: str, parameters: Json) -> Json:
    time = milliseconds(entry["time"])
    return {
        "event_time": time,
        "event_date": datetime.fromtimestamp(entry["time"], UTC).date().isoformat(),
        "service_name": _SERVICE,
        "action_name": action,
        "user_identity": {"email": entry["principal"]},
        "request_params": parameters,
    }
