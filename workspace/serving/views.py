"""Serving endpoints in responses: the detailed object of a read, and the summary of a listing.

Sources: captures of the service's answers; REST reference, get and list; databricks-sdk-py `service/serving.py`.
Never returned are `rate_limits`, `budget_policy_id` (a read has `effective_budget_policy_id`), the notifications of a
create, `telemetry_config.table_names`, and `burst_scaling_enabled` and plaintext secrets of served entities. Source:
Databricks CLI, bundle/direct/dresources/resources.yml.
"""

import json
from typing import Final

from model_serving.workspace.http.call import Call
from model_serving.workspace.identity.endpoint_permissions import level_on
from model_serving.workspace.identity.oauth import workspace_id
from model_serving.workspace.serving.deployments import active_entity_state, pending_entity_state, settled
from model_serving.workspace.serving.entities import as_served_model, kind_of, summary
from model_serving.workspace.serving.scale_to_zero import is_cold
from model_serving.workspace.serving.validation import route_target
from model_serving.workspace.store.database import Json

COMMON: Final = (
    "name",
    "id",
    "creator",
    "creation_timestamp",
    "last_updated_timestamp",
    "description",
    "tags",
    "ai_gateway",
    "task",
)
DETAILED_ONLY: Final = (
    "route_optimized",
    "email_notifications",
    "telemetry_config",
    "effective_budget_policy_id",
    "creator_display_name",
    "creator_kind",
)


def detailed(call: Call, endpoint: Json) -> Json:
    """The response of create, get and update config. `config` is absent until the first successful deployment."""
    endpoint = settled(endpoint, call.clock.now())
    view = _members(endpoint, COMMON + DETAILED_ONLY)
    view |= {
        "state": state_of(endpoint),
        "permission_level": level_on(call.store, call.caller, endpoint["id"]),
        "resource_credential_strategy": "EMBEDDED_CREDENTIALS",
    }
    if config := endpoint["config"]:
        view["config"] = _config(config, _active_states(call, endpoint, config["served_entities"]))
    if pending := endpoint["pending_config"]:
        states = {
            entity["name"]: pending_entity_state(endpoint, entity["name"], call.clock.now())
            for entity in pending["served_entities"]
        }
        view["pending_config"] = _config(pending, states)
    if endpoint["route_optimized"] and _has_url(call, endpoint):
        view |= _direct_access(call, endpoint)
    return view


def summarized(call: Call, endpoint: Json) -> Json:
    """One item of a listing: no traffic, workload, permission level or URL. Source: REST reference, list."""
    endpoint = settled(endpoint, call.clock.now())
    view = _members(endpoint, COMMON) | {"state": state_of(endpoint)}
    if config := endpoint["config"]:
        entities = summary(config["served_entities"])
        view["config"] = {"served_entities": entities, "served_models": [as_served_model(each) for each in entities]}
    return view


def direct_url(call: Call, endpoint: Json) -> str:
    """The route-optimized URL, on the workspace's own origin: the Go SDK uses only its path."""
    place = f"{endpoint['id']}/{workspace_id(call.store)}/serving-endpoints/{endpoint['name']}"
    return f"{call.origin}/dp/{place}/invocations"


def _has_url(call: Call, endpoint: Json) -> bool:
    return call.switch("direct-url") == "at-once" or call.clock.now() >= endpoint.get("url_at", 0)


def is_ready(endpoint: Json) -> bool:
    return bool(endpoint["config"]) and not endpoint["is_stopped"]


def _active_states(call: Call, endpoint: Json, entities: list[Json]) -> dict[str, Json]:
    now = call.clock.now()
    return {
        entity["name"]: active_entity_state(
            endpoint, entity["name"], is_cold=is_cold(call.store, call.settings, endpoint, entity, now)
        )
        for entity in entities
    }


def _direct_access(call: Call, endpoint: Json) -> Json:
    """`authorization_details` is a JSON string that clients pass on. Source: databricks-sdk-py `data_plane.py`."""
    url = direct_url(call, endpoint)
    details = [
        {
            "type": "workspace_permission",
            "object_type": "serving-endpoints",
            "object_path": f"/serving-endpoints/{endpoint['id']}",
            "actions": ["query_inference_endpoint"],
        }
    ]
    query_info = {"endpoint_url": url, "authorization_details": json.dumps(details)}
    return {"endpoint_url": url, "data_plane_info": {"query_info": query_info}}


def state_of(endpoint: Json) -> Json:
    return {
        "ready": "READY" if is_ready(endpoint) else "NOT_READY",
        "config_update": endpoint["config_update"],
        "suspend": "STOPPED" if endpoint["is_stopped"] else "NOT_SUSPENDED",
    }


def _config(config: Json, states: dict[str, Json]) -> Json:
    entities = [entity | {"state": states[entity["name"]]} for entity in config["served_entities"]]
    routes = [
        {
            "served_model_name": route_target(route),
            "served_entity_name": route_target(route),
            "traffic_percentage": route["traffic_percentage"],
        }
        for route in config["traffic_config"]["routes"]
    ]
    return config | {
        "served_entities": entities,
        "served_models": [as_served_model(entity) for entity in entities if kind_of(entity) == "CUSTOM_MODEL"],
        "traffic_config": {"routes": routes},
    }


def _members(endpoint: Json, names: tuple[str, ...]) -> Json:
    return {name: endpoint[name] for name in names if endpoint.get(name) is not None}
