"""Diagnostics of an endpoint: metrics, OpenAPI, and the logs of its entities.

Sources: REST reference of each operation, databricks-sdk-py `service/serving.py`; names of the metrics from product
documentation, monitoring with Prometheus.
"""

import json
from typing import Final

from model_serving.workspace.dataplane.scoring import scorer_for
from model_serving.workspace.dataplane.service_log import request_lines
from model_serving.workspace.http.call import Call, Reply
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.serving.build_phases import Line, build_lines, new_build, server_lines
from model_serving.workspace.serving.deployments import pending_failure
from model_serving.workspace.serving.endpoints import require_endpoint
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.serving.metrics import exposition
from model_serving.workspace.serving.request_schemas import query_document
from model_serving.workspace.serving.scale_to_zero import SCALED_TO_ZERO, cold_since
from model_serving.workspace.serving.views import is_ready
from model_serving.workspace.store.clock import rfc3339
from model_serving.workspace.store.database import Json

PROMETHEUS: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


def metrics(call: Call) -> Reply:
    """Metrics of the last full minute by served entity, as text for Prometheus: see workspace/serving/metrics.py."""
    return Reply(exposition(call, require_endpoint(call, "CAN_VIEW")), headers=PROMETHEUS)


def openapi(call: Call) -> Reply:
    """What each served entity takes, as OpenAPI in JSON with the content type text/plain, which the Go SDK requests."""
    endpoint = require_endpoint(call, "CAN_VIEW")
    if not is_ready(endpoint):
        raise DoesNotExist(f"Endpoint {endpoint['name']} has no active config.")
    url = f"{call.origin}/serving-endpoints/{endpoint['name']}"
    return Reply(json.dumps(query_document(call.store, endpoint, url)), headers=TEXT)


def server_logs(call: Call) -> Json:
    """The start of the scoring server, errors, and the number of requests of each minute, as the clock goes on.

    The service returns what its scoring server printed.
    """
    endpoint, now = require_endpoint(call, "CAN_VIEW"), call.clock.now()
    lines: list[Line] = []
    for entity, build, failure in _deployments(call, endpoint):
        shown = entity | {"scorer": type(scorer_for(call.store, entity)).__name__}
        lines += server_lines(shown, build, failure, now)
    for entity in (endpoint["config"] or {}).get("served_entities", []):
        if entity["name"] == call.path["entity"]:
            lines += _request_lines(call, endpoint, entity, now)
    return _log(lines)


def build_logs(call: Call) -> Json:
    """The build of the entity's container image, as far as it is; empty for what has none, as feature specs.

    Of a config that is pending if it has an entity of that name in another version, else of the active one.
    """
    entity, build, failure = _deployments(call, require_endpoint(call, "CAN_VIEW"))[-1]
    return _log(build_lines(entity, build, failure, call.clock.now()) if kind_of(entity) == "CUSTOM_MODEL" else [])


def _request_lines(call: Call, endpoint: Json, entity: Json, now: float) -> list[Line]:
    since = cold_since(call.store, call.settings, endpoint, entity, now)
    idle = [] if since is None else [(since, SCALED_TO_ZERO)]
    return request_lines(call.store, endpoint, entity["name"], now) + idle


def _log(lines: list[Line]) -> Json:
    ordered = sorted(lines, key=lambda line: line[0])
    return {"logs": "".join(f"[{rfc3339(time)}] {text}\n" for time, text in ordered)}


def optimization_info(_: Call) -> Json:
    """No model supports provisioned throughput. The route shadows an endpoint of that name, as on the service."""
    return {"optimizable": False, "throughput_chunk_size": 0}


def _deployments(call: Call, endpoint: Json) -> list[tuple[Json, Json, Json | None]]:
    """The entity in the path with its deployment and why that fails: the active one, then a pending one."""
    name = call.path["entity"]
    found: list[tuple[Json, Json, Json | None]] = []
    for config, builds in (("config", "builds"), ("pending_config", "pending_builds")):
        for entity in (endpoint[config] or {}).get("served_entities", []):
            if entity["name"] == name:
                build = (endpoint.get(builds) or {}).get(name) or new_build(entity["creation_timestamp"] / 1000, 0)
                failure = pending_failure(endpoint, name) if config == "pending_config" else None
                if not found or found[0][1] != build:
                    found.append((entity, build, failure))
    if not found:
        raise DoesNotExist(f"Served entity '{name}' does not exist on Endpoint {endpoint['name']}.")
    return found
