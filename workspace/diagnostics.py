"""What an endpoint tells about itself: metrics, its interface, and the logs of its entities."""

import json
from typing import Final

from workspace.call import Call, Reply
from workspace.errors import DoesNotExist
from workspace.invocations import answered_by
from workspace.serving import found
from workspace.serving_views import is_ready
from workspace.store import Json

TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


def metrics(call: Call) -> Reply:
    """OpenMetrics text, as Prometheus scrapes it."""
    endpoint = found(call, "CAN_VIEW")
    lines = ["# TYPE request_count counter"]
    for entity in (endpoint["config"] or {}).get("served_entities", []):
        labels = f'endpoint_name="{endpoint["name"]}",served_entity_name="{entity["name"]}"'
        lines.append(f"request_count_total{{{labels}}} {answered_by(call.store, endpoint, entity['name'])}")
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
    endpoint, entity = _entity(call)
    return {"logs": f"[{endpoint['name']}] {entity['name']}: ready to score\n"}


def build_logs(call: Call) -> Json:
    endpoint, entity = _entity(call)
    reason = endpoint["failures"].get(entity["name"])
    return {"logs": f"[{endpoint['name']}] {entity['name']}: {reason or 'image built'}\n"}


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
