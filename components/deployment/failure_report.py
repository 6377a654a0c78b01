"""Why an endpoint's update failed, what it serves now and what to do: in sentences, from what the workspace answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.client import Workspace, WorkspaceError

FAILED: Final = ("UPDATE_FAILED", "UPDATE_CANCELED")
"""The states of `config_update` in which an update ended without its configuration being served."""

_LINES: Final = 5
"""So many of the last lines of a build log."""

_LINES_OF_A_CREATION: Final = 30
"""After a failed creation the provider deletes the endpoint, and its logs with it."""

_WIDTH: Final = 200
"""Characters of one line."""


def place(endpoint: str) -> str:
    """The endpoint's path in the API."""
    return f"/api/2.0/serving-endpoints/{quote(endpoint, safe='')}"


def config_update(live: Mapping[str, Any]) -> str:
    """NOT_UPDATING, IN_PROGRESS, UPDATE_FAILED or UPDATE_CANCELED. Source: REST reference, get a serving endpoint."""
    return str((live.get("state") or {}).get("config_update") or "NOT_UPDATING")


def failed(live: Mapping[str, Any]) -> bool:
    return config_update(live) in FAILED


def diagnosis(workspace: Workspace, live: Mapping[str, Any]) -> str:
    """What failed for each served entity, with the end of its build log, and what still serves.

    `live` is what GET of the endpoint answers.
    """
    name, first = str(live["name"]), not live.get("config")
    ended = "was canceled" if config_update(live) == "UPDATE_CANCELED" else "failed"
    lines = [f'The {"first deployment" if first else "last update"} of endpoint "{name}" {ended}:']
    lines += _entities(workspace, name, live)
    lines.append("  It serves nothing" if first else f"  It still serves: {_served(live)}")
    lines.append("  Correct the stack file or the model, then run `pulumi up`")
    return "\n".join(lines)


def state_warning(workspace: Workspace, listed: Mapping[str, Any]) -> str | None:
    """What is to be known of an endpoint that is not simply serving. `listed` is one of the listing's endpoints."""
    name, state = listed["name"], listed.get("state") or {}
    if failed(listed):
        live = workspace.find(place(name))
        return diagnosis(workspace, live) if live and failed(live) else None
    if config_update(listed) == "IN_PROGRESS":
        return f'Endpoint "{name}" is being updated. Until that is over it serves its configuration of before'
    if state.get("suspend") == "STOPPED":
        return f'Endpoint "{name}" is stopped: it answers no requests'
    if state.get("ready") == "NOT_READY":
        return f'Endpoint "{name}" is not ready: it answers no requests'
    return None


def _entities(workspace: Workspace, endpoint: str, live: Mapping[str, Any]) -> Iterator[str]:
    for entity in (live.get("pending_config") or {}).get("served_entities") or []:
        state = entity.get("state") or {}
        message = str(state.get("deployment_state_message") or "no reason given")
        yield f'  "{entity["name"]}" ({_model(entity)}) {state.get("deployment") or "unknown"}: {message}'
        if state.get("deployment") == "DEPLOYMENT_FAILED":
            yield from _build_log(workspace, endpoint, str(entity["name"]), kept=bool(live.get("config")))


def _build_log(workspace: Workspace, endpoint: str, entity: str, *, kept: bool) -> Iterator[str]:
    """The end of it. Where it can't be read it is left out; where the endpoint won't be kept, more of it is given."""
    try:
        logs = workspace.find(f"{place(endpoint)}/served-models/{quote(entity, safe='')}/build-logs")
    except WorkspaceError:
        return
    lines = [line.rstrip()[:_WIDTH] for line in str((logs or {}).get("logs") or "").splitlines() if line.strip()]
    if lines:
        whole = f" (all of it: databricks serving-endpoints build-logs {endpoint} {entity})" if kept else ""
        yield f"    build log{whole}, the last lines:"
        yield from (f"      {line}" for line in lines[-(_LINES if kept else _LINES_OF_A_CREATION) :])


def _served(live: Mapping[str, Any]) -> str:
    config = live["config"]
    routes = (config.get("traffic_config") or {}).get("routes") or []
    shares = {
        route.get("served_entity_name") or route.get("served_model_name"): route["traffic_percentage"]
        for route in routes
    }
    entities = config.get("served_entities") or []
    return ", ".join(f'"{each["name"]}" ({_model(each)}) {shares.get(each["name"], 0)} %' for each in entities)


def _model(entity: Mapping[str, Any]) -> str:
    external = (entity.get("external_model") or {}).get("name")
    version = entity.get("entity_version")
    return f"{entity.get('entity_name') or external or 'unknown'}{f' v{version}' if version else ''}"
