"""The web page at the workspace's root, and the JSON that it polls.

It needs no login. Only clients on this machine get it, by their address and the name in the Host header, which excludes
pages of sites whose name resolves to 127.0.0.1. It contains no token, secret, request or response body.
"""

from pathlib import Path
from typing import Any, Final

from model_serving.workspace.dataplane.request_counts import answered
from model_serving.workspace.http.call import Call, Reply
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.identity.endpoint_permissions import wire_list
from model_serving.workspace.identity.oauth import workspace_id
from model_serving.workspace.serving.deployments import active_entity_state, pending_entity_state, settled
from model_serving.workspace.serving.scale_to_zero import is_cold
from model_serving.workspace.serving.validation import route_target
from model_serving.workspace.serving.views import direct_url, state_of
from model_serving.workspace.store.database import Json

FILES: Final = Path(__file__).parent / "page"
TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# nothing from other origins, and no inline scripts
POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
MAX_ENDPOINTS: Final = 100
MAX_REQUESTS: Final = 40
PRINCIPAL_MEMBERS: Final = ("user_name", "group_name", "service_principal_name")


def page(_: Call) -> Reply:
    return _file(FILES / "index.html")


def page_file(call: Call) -> Reply:
    """Returns the style sheet or the script of the page."""
    file = FILES / call.path["file"]
    if file.parent != FILES or not file.is_file():
        raise DoesNotExist(f"The page has no file '{call.path['file']}'.")
    return _file(file)


def is_page_request(path: str) -> bool:
    """Whether a request is one of the page's own, which the journal excludes."""
    return path in ("/", "/_workspace/overview") or path.startswith("/_workspace/page/")


def overview(call: Call) -> Json:
    """Returns every endpoint with state, traffic and permissions, and the last requests, newest first."""
    endpoints = [settled(endpoint, call.clock.now()) for endpoint in call.store.all("endpoint")]
    states = [state_of(endpoint) for endpoint in endpoints]
    return {
        "workspace_id": workspace_id(call.store),
        "total": len(endpoints),
        "ready": sum(state["ready"] == "READY" for state in states),
        "updating": sum(state["config_update"] == "IN_PROGRESS" for state in states),
        "endpoints": [_endpoint(call, endpoint) for endpoint in endpoints[:MAX_ENDPOINTS]],
        "requests": call.store.recent_journal(MAX_REQUESTS),
    }


def _endpoint(call: Call, endpoint: Json) -> Json:
    workspace_url = f"{call.origin}/serving-endpoints/{endpoint['name']}/invocations"
    members = {member: endpoint[member] for member in ("name", "id", "description", "tags", "route_optimized")}
    return (
        members
        | state_of(endpoint)
        | {
            "url": direct_url(call, endpoint) if endpoint["route_optimized"] else workspace_url,
            "entities": _active(call, endpoint) + _pending(endpoint, call.clock.now()),
            "permissions": _permissions(call, endpoint),
        }
    )


def _active(call: Call, endpoint: Json) -> list[Json]:
    now, config = call.clock.now(), endpoint["config"] or {"served_entities": []}
    return [
        _entity(
            config,
            entity,
            active_entity_state(
                endpoint, entity["name"], is_cold=is_cold(call.store, call.settings, endpoint, entity, now)
            ),
        )
        | {"answered": answered(call.store, endpoint, entity["name"])}
        for entity in config["served_entities"]
    ]


def _pending(endpoint: Json, now: float) -> list[Json]:
    config = endpoint["pending_config"] or {"served_entities": []}
    return [
        _entity(config, entity, pending_entity_state(endpoint, entity["name"], now)) | {"pending": True}
        for entity in config["served_entities"]
    ]


def _entity(config: Json, entity: Json, state: Json) -> Json:
    routes = config["traffic_config"]["routes"]
    shares = {route_target(route): route["traffic_percentage"] for route in routes}
    external = entity.get("external_model") or {}
    concurrency = entity.get("max_provisioned_concurrency")
    return {
        "name": entity["name"],
        "entity": entity.get("entity_name") or external.get("name"),
        "version": entity.get("entity_version"),
        "size": entity.get("workload_size") or (f"up to {concurrency} concurrent" if concurrency else ""),
        "scale_to_zero": bool(entity.get("scale_to_zero_enabled")),
        "percentage": shares.get(entity["name"], 0),
        "deployment": state["deployment"],
        "message": state["deployment_state_message"],
    }


def _permissions(call: Call, endpoint: Json) -> list[Json]:
    """The list with display names for service principals."""
    entries: list[Any] = wire_list(call.store, endpoint["id"])["access_control_list"]
    return [
        {
            "who": entry.get("display_name") or next(entry[member] for member in PRINCIPAL_MEMBERS if member in entry),
            "level": entry["all_permissions"][0]["permission_level"],
        }
        for entry in entries
    ]


def _file(file: Path) -> Reply:
    headers = {
        "Content-Type": f"{TYPES[file.suffix]}; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return Reply(file.read_text(encoding="utf-8"), headers=headers)
