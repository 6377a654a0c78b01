"""Diagnostics of an endpoint: metrics, OpenAPI, and the logs of its entities.

Sources: REST reference of each operation, databricks-sdk-py `service/serving.py`; names of the metrics from product
documentation, monitoring with Prometheus.
"""

import json
from typing import Final

from model_serving.workspace.dataplane.request_counts import total
from model_serving.workspace.dataplane.scoring import scorer_for
from model_serving.workspace.http.call import Call, Reply
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.serving.endpoints import require_endpoint
from model_serving.workspace.serving.metrics import exposition
from model_serving.workspace.serving.scale_to_zero import is_cold
from model_serving.workspace.serving.views import is_ready
from model_serving.workspace.store.clock import rfc3339
from model_serving.workspace.store.database import Json

PROMETHEUS: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


def metrics(call: Call) -> Reply:
    """Metrics of the last full minute by served entity, as text for Prometheus: see workspace/serving/metrics.py."""
    return Reply(exposition(call, require_endpoint(call, "CAN_VIEW")), headers=PROMETHEUS)


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
    counts = total(call.store, endpoint, entity["name"])
    refused, failed = counts["4xx"], counts["5xx"]
    cold = is_cold(call.store, call.settings, endpoint, entity, call.clock.now())
    return _lines(
        rfc3339(entity["creation_timestamp"] / 1000),
        f"Starting the scoring server of {entity['name']}",
        f"Scored by {type(scorer_for(call.store, entity)).__name__}",
        f"Answered {counts['requests'] - refused - failed} requests, refused {refused}, failed {failed}",
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
