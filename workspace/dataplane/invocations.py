"""The data plane: queries of endpoints, and the choice of the served entity.

A route-optimized endpoint has its own URL, which requires an OAuth token narrowed to that endpoint. All others are
queried under the workspace's URL. Sources: product documentation, query route-optimized endpoints; messages from users'
logs.
"""

import time
import uuid
from dataclasses import replace
from http import HTTPStatus

from model_serving.workspace.dataplane import requests
from model_serving.workspace.dataplane.chat_models import ChatModel, agent_events
from model_serving.workspace.dataplane.faulty_models import STRIDE, Answer, distorted, next_answer
from model_serving.workspace.dataplane.generative import as_events, generate
from model_serving.workspace.dataplane.inference_tables import Query, capture
from model_serving.workspace.dataplane.model_inputs import rows_of
from model_serving.workspace.dataplane.rate_limits import count_query
from model_serving.workspace.dataplane.request_counts import count_request
from model_serving.workspace.dataplane.scoring import Echo, scorer_for
from model_serving.workspace.dataplane.service_log import log_line, log_request
from model_serving.workspace.http.call import Call, Reply, required
from model_serving.workspace.http.errors import (
    ApiError,
    BadRequest,
    DoesNotExist,
    InvalidState,
    PermissionDenied,
    Unauthenticated,
)
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.endpoint_permissions import require_level
from model_serving.workspace.identity.oauth import workspace_id
from model_serving.workspace.serving.deployments import failure_of, settled
from model_serving.workspace.serving.endpoints import require_endpoint
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.serving.scale_to_zero import SCALED_TO_ZERO, cold_since, wake
from model_serving.workspace.serving.validation import route_target
from model_serving.workspace.serving.views import direct_url, is_ready
from model_serving.workspace.store.database import Json, Store


@accepts(requests.Invocation)
def invoke(call: Call) -> Reply:
    """Queries an endpoint under the workspace's URL."""
    endpoint = require_endpoint(call, "CAN_QUERY")
    if endpoint["route_optimized"]:
        raise BadRequest(
            f"Endpoint {endpoint['name']} is route optimized and cannot be queried through the workspace URL."
            f" Use its route-optimized URL instead: {direct_url(call, endpoint)}"
        )
    return _respond(call, endpoint, _entity_for(call, endpoint))


@accepts(requests.Invocation)
def invoke_directly(call: Call) -> Reply:
    """Queries an endpoint under its route-optimized URL, with an OAuth token narrowed to it."""
    if call.access.is_personal:
        raise Unauthenticated(
            "Token is malformed: personal access tokens are not accepted on route-optimized URLs, use an OAuth token"
        )
    if call.access.details is None:
        raise Unauthenticated("Missing authorization details for accessing model serving endpoints")
    endpoint = call.store.get("endpoint", call.path["name"])
    if (
        endpoint is None
        or ("entity" in call.path and call.switch("entity-of-a-route-optimized-endpoint") == "404")
        or not endpoint["route_optimized"]
        or (endpoint["id"], workspace_id(call.store)) != (call.path["endpoint_id"], call.path["workspace_id"])
    ):
        raise DoesNotExist(f"Endpoint with name '{call.path['name']}' does not exist.")
    if not call.access.allows(f"/serving-endpoints/{endpoint['id']}", "query_inference_endpoint"):
        reason = f"Token is not authorized to query Endpoint {endpoint['name']}"
        raise Unauthenticated(reason) if call.switch("token-of-another-endpoint") == "401" else PermissionDenied(reason)
    require_level(call, endpoint, "CAN_QUERY")
    endpoint = settled(endpoint, call.clock.now())
    return _respond(call, endpoint, _entity_for(call, endpoint))


@accepts(requests.InvocationByModel)
def invoke_by_model(call: Call) -> Reply:
    """Queries the endpoint in `model`, for OpenAI clients with the base URL `{host}/serving-endpoints`.

    Source: product documentation, query chat models with the OpenAI client; databricks-sdk-py `open_ai_client.py`.
    """
    (name,) = required(call.body, "model")
    return invoke(replace(call, path={"name": name}))


def _entity_for(call: Call, endpoint: Json) -> Json:
    """The entity in the path or, without one, the next by traffic percentages."""
    if endpoint["is_stopped"]:
        raise BadRequest("The given endpoint is stopped, please retry after starting the endpoint.")
    if not is_ready(endpoint):
        reason = f"Endpoint {endpoint['name']} is not ready: it has no active config."
        raise DoesNotExist(reason) if call.switch("query-before-deployment") == "404" else InvalidState(reason)
    config = endpoint["config"]
    name = call.path.get("entity") or _next_target(call.store, endpoint["id"], config)
    for entity in config["served_entities"]:
        if entity["name"] == name:
            return dict(entity)
    raise DoesNotExist(f"Served entity '{name}' does not exist on Endpoint {endpoint['name']}.")


def _next_target(store: Store, endpoint_id: str, config: Json) -> str:
    """The target of the next request. Deterministic: shares are exact for every hundred requests of a config."""
    number = store.count(f"requests/{endpoint_id}/{config['config_version']}")
    percent = number * STRIDE % 100
    for route in config["traffic_config"]["routes"]:
        percent -= route["traffic_percentage"]
        if percent < 0:
            return route_target(route)
    raise AssertionError("Routes of a stored config sum to 100")


def _respond(call: Call, endpoint: Json, entity: Json) -> Reply:
    """The entity's response. A query that fails is counted and captured, too."""
    count_query(call, endpoint)
    start, now = time.perf_counter(), call.clock.now()
    delay = _woken(call, endpoint, entity, now)
    request_id, answer = str(uuid.uuid4()), next_answer(call.store, entity)
    try:
        status, response = int(HTTPStatus.OK), _answered(call, endpoint, entity, answer, request_id)
    except ApiError as error:
        status, response = error.status, error.body()
    took = time.perf_counter() - start
    delay += max(0.0, (answer.seconds or 0.0) - took)
    _record(call, Query(request_id, endpoint, entity, status, response, round((delay + took) * 1000)))
    headers = {"served-model-name": entity["name"], "x-request-id": request_id}
    if call.body.get("stream") is True and status == HTTPStatus.OK and (events := _events(response)):
        return Reply(events, headers=headers | {"Content-Type": "text/event-stream"}, delay=delay)
    return Reply(response, status, headers, delay)


def _events(response: Json) -> str | None:
    """The server-sent events of a chat answer; None for any other answer."""
    if "choices" in response:
        return as_events(response)
    return agent_events(response) if response.keys() & {"messages", "output"} else None


def _woken(call: Call, endpoint: Json, entity: Json, now: float) -> float:
    """Records a query of an entity that may scale to zero; the seconds until a replica can answer."""
    if (since := cold_since(call.store, call.settings, endpoint, entity, now)) is not None:
        log_line(call.store, endpoint, entity["name"], since, SCALED_TO_ZERO)
    return wake(call.store, call.settings, endpoint, entity, now)


def _record(call: Call, query: Query) -> None:
    """Counts a query in the metrics, and adds it to the service log and to the tables."""
    store, endpoint, name, status = call.store, query.endpoint, query.entity["name"], query.status
    now, took = call.clock.now(), query.milliseconds
    count_request(store, call.settings, endpoint, name, status=status, milliseconds=took, now=now)
    message = str(query.response.get("message")) if isinstance(query.response, dict) else ""
    log_request(store, endpoint, name, status=status, message=message, now=now)
    capture(call, query)


def _answered(call: Call, endpoint: Json, entity: Json, answer: Answer, request_id: str) -> Json:
    """The entity's response. Raises ApiError if the entity or this request fails."""
    if failure := failure_of(endpoint, entity["name"]):
        raise ApiError(f"Served entity '{entity['name']}' is not ready: {failure}")
    if answer.error:
        raise answer.error
    response = _scored(call, entity, request_id)
    return distorted(response) if answer.is_wrong else response


def _scored(call: Call, entity: Json, request_id: str) -> Json:
    match kind_of(entity):
        case "CUSTOM_MODEL":
            version = str(entity["entity_version"])
            scorer = scorer_for(call.store, entity)
            if isinstance(scorer, ChatModel):
                return scorer.respond(call.body, version, request_id, int(call.clock.now()))
            return {"predictions": scorer.predict(rows_of(call.body), version)}
        case "FEATURE_SPEC":
            return {"outputs": [_features(entity, row) for row in rows_of(call.body)]}
        case _:
            return generate(entity, call.body, request_id, int(call.clock.now()))


def _features(entity: Json, row: object) -> Json:
    """The response of a feature spec: the lookup keys and their features."""
    keys = row if isinstance(row, dict) else {"key": row}
    (feature,) = Echo(str(entity["entity_name"])).predict([row], "")
    return keys | {"feature": feature}
