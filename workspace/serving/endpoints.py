"""What serving endpoints do: create, read, list, update their config, stop, start, delete.

Source of the routes and their refusals: REST reference, serving endpoints, and captures of the live service.
"""

import uuid
from typing import Final

from model_serving.workspace.catalog.grants import require_execute
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import (
    AlreadyExists,
    Conflict,
    DoesNotExist,
    InvalidParameter,
    InvalidState,
    PermissionDenied,
)
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.endpoint_permissions import Level, level_on, require_level, start_list
from model_serving.workspace.identity.principals import Principal, principal_named
from model_serving.workspace.serving import requests
from model_serving.workspace.serving.deployments import begin, failures, settled
from model_serving.workspace.serving.entities import kind_of, requested_entities, stored_entity
from model_serving.workspace.serving.quotas import count_change, require_room
from model_serving.workspace.serving.telemetry import applied, unsupported
from model_serving.workspace.serving.validation import (
    check_config,
    check_endpoint,
    check_optimized_update,
    check_replacement,
)
from model_serving.workspace.serving.views import detailed, summarized
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json

CHAT: Final = "llm/v1/chat"
URL_DELAY: Final = 3.0
"""How many seconds after a first deployment a route-optimized endpoint gets its URL, where a switch makes it late."""


@accepts(requests.CreateEndpoint)
def create(call: Call) -> Json:
    """The caller becomes creator and manager. `email_notifications` are accepted and forgotten, as on the service."""
    body = call.body
    check_endpoint(body, call.settings)
    if call.store.get("endpoint", body["name"]):
        status = int(call.settings.switches["duplicate-name"])
        raise AlreadyExists(f"Serving endpoint with name {body['name']} already exists", status)
    require_room(call.store, call.settings.limits)
    endpoint = _new_endpoint(call)
    if body.get("config"):
        endpoint = _deploy(call, endpoint, body["config"], call.caller)
    with call.store.atomic():
        start_list(call.store, endpoint["id"], call.caller)
        keep(call, endpoint)
    return detailed(call, endpoint)


def get(call: Call) -> Json:
    return detailed(call, found(call, "CAN_VIEW"))


def list_all(call: Call) -> Json:
    """The endpoints that the caller may at least view."""
    visible = (one for one in call.store.all("endpoint") if level_on(call.store, call.caller, one["id"]))
    return {"endpoints": [summarized(call, endpoint) for endpoint in visible]}


@accepts(requests.EndpointConfig)
def update_config(call: Call) -> Json:
    """PUT config replaces the whole config; refused with 409 while another update runs."""
    endpoint = found(call, "CAN_MANAGE")
    refuse_while_updating(endpoint)
    creator = principal_named(call.store, endpoint["creator"])
    if creator is None:
        raise PermissionDenied(f"The creator of Endpoint {endpoint['name']} does not exist any more")
    check_config(call.body, call.settings)
    if endpoint["route_optimized"]:
        check_optimized_update(call.body)
    if endpoint["config"]:
        check_replacement(endpoint["config"], call.body)
    return detailed(call, keep(call, _deploy(call, endpoint, call.body, creator)))


def delete(call: Call) -> Json:
    """Allowed while an update runs, by a switch. The access control list stays behind, as on the service."""
    endpoint = found(call, "CAN_MANAGE")
    if call.answers("delete-while-updating", "409"):
        refuse_while_updating(endpoint)
    call.store.delete("endpoint", endpoint["name"])
    call.store.delete("warmth", endpoint["id"])
    return {}


def stop(call: Call) -> Json:
    """Source: product documentation on stopping endpoints: custom models only, not while an update runs."""
    endpoint = found(call, "CAN_MANAGE")
    refuse_while_updating(endpoint)
    if not endpoint["config"] or not all(
        kind_of(entity) == "CUSTOM_MODEL" for entity in endpoint["config"]["served_entities"]
    ):
        raise InvalidState(f"Endpoint {endpoint['name']} cannot be stopped: only custom models can be.")
    return detailed(call, keep(call, endpoint | {"is_stopped": True}))


def start(call: Call) -> Json:
    """A start deploys the kept config again, under a new version."""
    endpoint = found(call, "CAN_MANAGE")
    refuse_while_updating(endpoint)
    if not endpoint["is_stopped"]:
        raise InvalidState(f"Endpoint {endpoint['name']} is not stopped.")
    return detailed(call, keep(call, _begin(call, endpoint, endpoint["config"])))


def cancel_update(call: Call) -> Json:
    """The running update ends in UPDATE_CANCELED and its config stays pending. The service has a button for it.

    Source: databricks-sdk-py `EndpointStateConfigUpdate`; that the config stays is unverified.
    """
    endpoint = found(call, "CAN_MANAGE")
    if endpoint["config_update"] != "IN_PROGRESS":
        raise InvalidState(f"Endpoint {endpoint['name']} is not being updated.")
    return detailed(call, keep(call, endpoint | {"config_update": "UPDATE_CANCELED"}))


def found(call: Call, needed: Level) -> Json:
    """The endpoint named in the path, as it is now, if the caller holds that level on it."""
    endpoint = call.store.get("endpoint", call.path["name"])
    if endpoint is None:
        message = f"Endpoint with name '{call.path['name']}' does not exist."
        raise DoesNotExist(message, has_code=call.answers("missing-endpoint", "with-code"))
    require_level(call, endpoint, needed)
    return settled(endpoint, call.clock.now())


def keep(call: Call, endpoint: Json) -> Json:
    """Stores a user's change, which is what `last_updated_timestamp` tells."""
    changed = endpoint | {"last_updated_timestamp": milliseconds(call.clock.now())}
    return call.store.put("endpoint", endpoint["name"], changed)


def refuse_while_updating(endpoint: Json) -> None:
    """Source: REST reference, update config: 409 while an update runs; the text is from users' logs."""
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
        "telemetry_config": applied(None, body.get("telemetry_config")) if has_telemetry else None,
        "effective_budget_policy_id": body.get("budget_policy_id"),
        "config": None,
        "pending_config": None,
        "config_update": "NOT_UPDATING",
        "failures": {},
        "ready_at": 0,
        "url_at": call.clock.now() + call.settings.ready_after + URL_DELAY,
        "is_stopped": False,
    }


def _deploy(call: Call, endpoint: Json, wanted: Json, creator: Principal) -> Json:
    entities = requested_entities(wanted)
    for entity in entities:
        _check_entity_access(call, entity, creator)
    now = milliseconds(call.clock.now())
    stored = [stored_entity(entity, creator.name, now) for entity in entities]
    routes = (wanted.get("traffic_config") or {}).get("routes")
    config: Json = {
        "served_entities": stored,
        "traffic_config": {"routes": routes or [{"served_entity_name": stored[0]["name"], "traffic_percentage": 100}]},
    }
    if capture := _auto_capture(endpoint, wanted):
        config["auto_capture_config"] = capture
    return _begin(call, endpoint | {"task": _task(stored)}, config)


def _begin(call: Call, endpoint: Json, config: Json) -> Json:
    count_change(call.store, call.settings.limits, call.clock.now())
    will_fail = failures(call.store, config["served_entities"])
    return begin(endpoint, config, will_fail, call.clock.now(), call.settings.ready_after)


def _check_entity_access(call: Call, entity: Json, creator: Principal) -> None:
    """Unity Catalog entities need EXECUTE and the way to them; an entity without a version must be a feature spec."""
    kind, name = kind_of(entity), str(entity.get("entity_name"))
    if kind == "FEATURE_SPEC" and call.store.get("feature_spec", name) is None:
        raise InvalidParameter(f"entity_version is required: '{name}' is not a feature spec.")
    if kind in ("CUSTOM_MODEL", "FEATURE_SPEC") and name.count(".") == 2:  # noqa: PLR2004 - catalog.schema.name
        require_execute(call.store, creator, name)


def _auto_capture(endpoint: Json, wanted: Json) -> Json | None:
    """An inference table: enabled unless told otherwise, named after the endpoint unless told otherwise."""
    old = (endpoint["config"] or {}).get("auto_capture_config")
    asked = wanted.get("auto_capture_config")
    if not asked:
        return old if isinstance(old, dict) else None
    defaults = {"enabled": True, "table_name_prefix": endpoint["name"]}
    capture = defaults | {member: value for member, value in asked.items() if value is not None}
    table = {"name": f"{capture['table_name_prefix']}_payload", "status": "READY", "status_message": ""}
    return capture | {"state": {"payload_table": table}}


def _task(entities: list[Json]) -> str | None:
    """Custom models have no task."""
    first = entities[0]
    if external := first.get("external_model"):
        return str(external["task"])
    return CHAT if kind_of(first) == "FOUNDATION_MODEL" else None
