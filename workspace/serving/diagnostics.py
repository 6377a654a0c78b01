"""What an endpoint tells about itself: metrics, its interface, and the logs of its entities.

Sources: REST reference of each operation, databricks-sdk-py `service/serving.py`; names of the metrics from product
documentation, monitoring with Prometheus.
"""

import json
from http import HTTPStatus
from typing import Final

from model_serving.workspace.dataplane.invocations import answered_by
from model_serving.workspace.dataplane.scoring import scorer_for
from model_serving.workspace.http.call import Call, Reply
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.serving.endpoints import found
from model_serving.workspace.serving.scale_to_zero import is_cold
from model_serving.workspace.serving.views import is_ready
from model_serving.workspace.store.clock import rfc3339
from model_serving.workspace.store.database import Json

TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


def metrics(call: Call) -> Reply:
    """OpenMetrics text, as Prometheus scrapes it."""
    endpoint = found(call, "CAN_VIEW")
    entities = (endpoint["config"] or {}).get("served_entities", [])
    lines = []
    for name, status in (("request_count", HTTPStatus.OK), ("request_4xx_count", HTTPStatus.BAD_REQUEST)):
        lines.append(f"# TYPE {name} counter")
        for entity in entities:
            labels = f'endpoint_name="{endpoint["name"]}",served_entity_name="{entity["name"]}"'
            lines.append(f"{name}_total{{{labels}}} {answered_by(call.store, endpoint, entity['name'], status)}")
    return Reply("\n".join([*lines, "# EOF", ""]), headers=TEXT)


def interface(call: Call) -> Reply:
    """OpenAPI, as JSON in plain text: so the Go SDK asks for it."""
    endpoint = found(call, "CAN_VIEW")
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
    """The service's own lines are its scoring server's; these tell what the workspace knows."""
    endpoint, entity = _entity(call)
    good, bad = (answered_by(call.store, endpoint, entity["name"], status) for status in (200, 400))
    cold = is_cold(call.store, call.settings, endpoint, entity, call.clock.now())
    return _lines(
        rfc3339(entity["creation_timestamp"] / 1000),
        f"Starting the scoring server of {entity['name']}",
        f"Scored by {type(scorer_for(call.store, entity)).__name__}",
        f"Answered {good} requests, refused {bad}",
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
    """Whether a model can have provisioned throughput: none here can. It shadows an endpoint of that name, as there."""
    return {"optimizable": False, "throughput_chunk_size": 0}


def _entity(call: Call) -> tuple[Json, Json]:
    endpoint = found(call, "CAN_VIEW")
    for config in (endpoint["pending_config"], endpoint["config"]):
        for entity in (config or {}).get("served_entities", []):
            if entity["name"] == call.path["entity"]:
                return endpoint, entity
    raise DoesNotExist(f"Served entity '{call.path['entity']}' does not exist on Endpoint {endpoint['name']}.")
