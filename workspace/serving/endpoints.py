"""The lifecycle of serving endpoints: create, read, list, update the config, delete.

Source of the routes and their refusals: REST reference, serving endpoints, and captures of the live service.
"""

import uuid
from typing import Final

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import (
    AlreadyExists,
    Conflict,
    DoesNotExist,
    InvalidState,
    PermissionDenied,
)
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.endpoint_permissions import Level, level_on, require_level, start_list
from model_serving.workspace.identity.principals import principal_named
from model_serving.workspace.serving import requests
from model_serving.workspace.serving.deploy_config import deploy
from model_serving.workspace.serving.deployments import settled
from model_serving.workspace.serving.entities import requested_entities
from model_serving.workspace.serving.quotas import release_concurrency, require_room
from model_serving.workspace.serving.telemetry import apply_telemetry, unsupported
from model_serving.workspace.serving.validation import (
    check_config,
    check_endpoint,
    check_optimized_update,
    check_replacement,
)
from model_serving.workspace.serving.views import detailed, summarized
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json

URL_DELAY: Final = 3.0
"""Seconds from the first deployment to the URL of a route-optimized endpoint, with `direct-url=later`."""


@accepts(requests.CreateEndpoint)
def create(call: Call) -> Json:
    """The caller becomes the creator and gets CAN_MANAGE. `email_notifications` are ignored, as on the service."""
    body = call.body
    check_endpoint(body, call.settings)
    if call.store.get("endpoint", body["name"]):
        status = int(call.settings.switches["duplicate-name"])
        raise AlreadyExists(f"Serving endpoint with name {body['name']} already exists", status)
    require_room(call.store, call.settings.limits)
    endpoint = _new_endpoint(call)
    if body.get("config"):
        endpoint = deploy(call, endpoint, body["config"], call.caller)
    with call.store.atomic():
        start_list(call.store, endpoint["id"], call.caller)
        save(call, endpoint)
    return detailed(call, endpoint)


def get(call: Call) -> Json:
    return detailed(call, require_endpoint(call, "CAN_VIEW"))


def list_all(call: Call) -> Json:
    """The endpoints that the caller may view."""
    visible = (each for each in call.store.all("endpoint") if level_on(call.store, call.caller, each["id"]))
    return {"endpoints": [summarized(call, endpoint) for endpoint in visible]}


@accepts(requests.EndpointConfig)
def update_config(call: Call) -> Json:
    """Replaces the whole config; answers 409 while another update runs. A switch decides what a stopped one does."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    require_no_update(endpoint)
    creator = principal_named(call.store, endpoint["creator"])
    if creator is None:
        raise PermissionDenied(f"The creator of Endpoint {endpoint['name']} no longer exists")
    check_config(call.body, call.settings)
    if endpoint["route_optimized"]:
        check_optimized_update(call.body)
    if endpoint["config"]:
        check_replacement(endpoint["config"], call.body)
    stays_stopped = endpoint["is_stopped"] and call.switch("update-of-a-stopped-endpoint") == "stays-stopped"
    changed = deploy(call, endpoint, call.body, creator) | {"stays_stopped": stays_stopped}
    return detailed(call, save(call, changed))


def delete(call: Call) -> Json:
    """Keeps the access control list, as the service does. A switch decides whether a running update prevents it."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    if call.switch("delete-while-updating") == "409":
        require_no_update(endpoint)
    call.store.delete("endpoint", endpoint["name"])
    call.store.delete("scale_to_zero", endpoint["id"])
    release_concurrency(call.store, endpoint["name"])
    return {}


def cancel_update(call: Call) -> Json:
    """Ends the running update with UPDATE_CANCELED; its config stays pending. The service has this in its UI only.

    Source: databricks-sdk-py `EndpointStateConfigUpdate`; that the config stays pending is unverified.
    """
    endpoint = require_endpoint(call, "CAN_MANAGE")
    if endpoint["config_update"] != "IN_PROGRESS":
        raise InvalidState(f"Endpoint {endpoint['name']} is not being updated.")
    return detailed(call, save(call, endpoint | {"config_update": "UPDATE_CANCELED"}))


def require_endpoint(call: Call, needed: Level) -> Json:
    """The current state of the endpoint in the path. Raises DoesNotExist, or PermissionDenied below that level."""
    endpoint = call.store.get("endpoint", call.path["name"])
    if endpoint is None:
        message = f"Endpoint with name '{call.path['name']}' does not exist."
        raise DoesNotExist(message, has_code=call.switch("missing-endpoint") == "with-code")
    require_level(call, endpoint, needed)
    return settled(endpoint, call.clock.now())


def save(call: Call, endpoint: Json) -> Json:
    """Stores a user's change and sets `last_updated_timestamp`."""
    changed = endpoint | {"last_updated_timestamp": milliseconds(call.clock.now())}
    return call.store.put("endpoint", endpoint["name"], changed)


def require_no_update(endpoint: Json) -> None:
    """Raises Conflict while an update runs. Source: REST reference, update config; the text is from users' logs."""
    if endpoint["config_update"] == "IN_PROGRESS":
        raise Conflict("Endpoint served entities are currently being updated")


def _new_endpoint(call: Call) -> Json:
    body, now = call.body, milliseconds(call.clock.now())
    has_telemetry = not unsupported(requested_entities(body.get("config") or {}))
    return {
        "id": uuid.uuid4().hex,
        "name": body["name"],
        "creator": call.caller.name,
        "creator_display_name": call.caller.display_name,
        "creator_kind": "User" if call.caller.kind == "user" else "ServicePrincipal",
        "creation_timestamp": now,
        "last_updated_timestamp": now,
        "description": body.get("description") or "",
        "tags": body.get("tags") or [],
        "route_optimized": bool(body.get("route_optimized")),
        "ai_gateway": body.get("ai_gateway") or None,
        "telemetry_config": apply_telemetry(None, body.get("telemetry_config")) if has_telemetry else None,
        "effective_budget_policy_id": body.get("budget_policy_id"),
        "config": None,
        "pending_config": None,
        "config_update": "NOT_UPDATING",
        "failures": {},
        "ready_at": 0,
        "url_at": call.clock.now() + call.settings.ready_after + URL_DELAY,
        "is_stopped": False,
    }
