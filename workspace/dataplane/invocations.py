"""The data plane: queries of endpoints, and the choice of the served entity.

A route-optimized endpoint has its own URL, which requires an OAuth token narrowed to that endpoint. All others are
queried under the workspace's URL. Sources: product documentation, query route-optimized endpoints; messages from users'
logs.
"""

from dataclasses import replace

from model_serving.workspace.dataplane import requests
from model_serving.workspace.dataplane.faulty_models import STRIDE
from model_serving.workspace.dataplane.responses import respond
from model_serving.workspace.http.call import Call, Later, Reply, required
from model_serving.workspace.http.errors import (
    BadRequest,
    DoesNotExist,
    InvalidState,
    PermissionDenied,
    Unauthenticated,
)
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.endpoint_permissions import require_level
from model_serving.workspace.identity.oauth import workspace_id
from model_serving.workspace.serving.deployments import settled
from model_serving.workspace.serving.endpoints import require_endpoint
from model_serving.workspace.serving.validation import route_target
from model_serving.workspace.serving.views import direct_url, is_ready
from model_serving.workspace.store.database import Json, Store


@accepts(requests.Invocation)
def invoke(call: Call) -> Reply | Later:
    """Queries an endpoint under the workspace's URL."""
    endpoint = require_endpoint(call, "CAN_QUERY")
    if endpoint["route_optimized"]:
        raise BadRequest(
            f"Endpoint {endpoint['name']} is route optimized and cannot be queried through the workspace URL."
            f" Use its route-optimized URL instead: {direct_url(call, endpoint)}"
        )
    return respond(call, endpoint, _entity_for(call, endpoint))


@accepts(requests.Invocation)
def invoke_directly(call: Call) -> Reply | Later:
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
    return respond(call, endpoint, _entity_for(call, endpoint))


@accepts(requests.InvocationByModel)
def invoke_by_model(call: Call) -> Reply | Later:
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
