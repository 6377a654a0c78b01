"""Diagnostics of an endpoint: metrics, OpenAPI, and the logs of its entities.

Sources: REST reference of each operation, databricks-sdk-py `service/serving.py`; names of the metrics from product
documentation, monitoring with Prometheus.
"""

import json
from http import HTTPStatus
from typing import Final

from model_serving.workspace.dataplane.invocations import response_count
from model_serving.workspace.dataplane.scoring import scorer_for
from model_serving.workspace.http.call import Call, Reply
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.serving.endpoints import require_endpoint
from model_serving.workspace.serving.scale_to_zero import is_cold
from model_serving.workspace.serving.views import is_ready
from model_serving.workspace.store.clock import rfc3339
from model_serving.workspace.store.database import Json

TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


def metrics(call: Call) -> Reply:
    """Metrics in OpenMetrics text format, for Prometheus."""
    # The service declares these as gauges despite their names: the requests and errors of the last full minute, with
    # the minute's time as each sample's timestamp. The histogram of latencies is of that minute, too. A reader adds up
    # the minutes, and counts none twice. Sources: Databricks' example configuration for Datadog (type: gauge),
    # Datadog's list of these metrics ("over the last minute"), outputs of real workspaces. Here they still count up.
    endpoint = require_endpoint(call, "CAN_VIEW")
    entities = (endpoint["config"] or {}).get("served_entities", [])
    lines = []
    for name, status in (("request_count", HTTPStatus.OK), ("request_4xx_count", HTTPStatus.BAD_REQUEST)):
        lines.append(f"# TYPE {name} counter")
        for entity in entities:
            labels = f'endpoint_name="{endpoint["name"]}",served_entity_name="{entity["name"]}"'
            lines.append(f"{name}_total{{{labels}}} {response_count(call.store, endpoint, entity['name'], status)}")
    return Reply("\n".join([*lines, "# EOF", ""]), headers=TEXT)


def openapi(call: Call) -> Reply:
    """OpenAPI as JSON with the content type text/plain, which the Go SDK requests."""
    endpoint = require_endpoint(call, "CAN_VIEW")
    if not is_ready(endpoint):
        raise DoesNotExist(f"Endpoint {endpoint['name']} has no active config.")
    path = f"/serving-endpoints/{endpoint['name']}/invocations"
    operation = {"operationId": "query", "responses": {"200": {"description": "Predictions"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": endpoint["name"], "version": str(endpoint["config"]["config_version"])},
        "paths": {path: {"post": operation}},
    }
    return Reply(json.dumps(document), headers=TEXT)


def server_logs(call: Call) -> Json:
    """A log with the counts of answered requests; the service returns the log of its scoring server."""
    endpoint, entity = _entity(call)
    answered, refused = (response_count(call.store, endpoint, entity["name"], status) for status in (200, 400))
    cold = is_cold(call.store, call.settings, endpoint, entity, call.clock.now())
    return _lines(
        rfc3339(entity["creation_timestamp"] / 1000),
        f"Starting the scoring server of {entity['name']}",
        f"Scored by {type(scorer_for(call.store, entity)).__name__}",
        f"Answered {answered} requests, refused {refused}",
        *(["Scaled to zero"] if cold else []),
    )


def build_logs(call: Call) -> Json:
    endpoint, entity = _entity(call)
    reason = endpoint["failures"].get(entity["name"])
    return _lines(
        rfc3339(entity["creation_timestamp"] / 1000),
        f"Fetching {entity.get('entity_name')} version {entity.get('entity_version')}",
        f"Building the image of {entity['name']}",
        f"ERROR: {reason}" if reason else "Image built",
    )


def _lines(time: str, *texts: str) -> Json:
    return {"logs": "".join(f"[{time}] {text}\n" for text in texts)}


def optimization_info(_: Call) -> Json:
    """No model supports provisioned throughput. The route shadows an endpoint of that name, as on the service."""
    return {"optimizable": False, "throughput_chunk_size": 0}


def _entity(call: Call) -> tuple[Json, Json]:
    endpoint = require_endpoint(call, "CAN_VIEW")
    for config in (endpoint["pending_config"], endpoint["config"]):
        for entity in (config or {}).get("served_entities", []):
            if entity["name"] == call.path["entity"]:
                return endpoint, entity
    raise DoesNotExist(f"Served entity '{call.path['entity']}' does not exist on Endpoint {endpoint['name']}.")
