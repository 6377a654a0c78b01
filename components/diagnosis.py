"""Why an endpoint's update failed, what it serves now and what to do: in sentences, from what the workspace answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from components.databricks_api import CallError, SignInError, UnreachableError, Workspace

FAILED: Final = ("UPDATE_FAILED", "UPDATE_CANCELED")
"""The states of `config_update` in which an update ended without its configuration being served."""

_LINES: Final = 5
"""So many of the last lines of a build log."""

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
    name = str(live["name"])
    ended = "was canceled" if config_update(live) == "UPDATE_CANCELED" else "failed"
    lines = [f'The last update of endpoint "{name}" {ended}:', *_entities(workspace, name, live)]
    lines.append(f"  It still serves: {_served(live)}" if live.get("config") else "  It serves nothing")
    lines.append("  Correct the stack file or the model, then run `pulumi up`")
    return "\n".join(lines)


def _entities(workspace: Workspace, endpoint: str, live: Mapping[str, Any]) -> Iterator[str]:
    for entity in (live.get("pending_config") or {}).get("served_entities") or []:
        state = entity.get("state") or {}
        message = str(state.get("deployment_state_message") or "no reason given")
        yield f'  "{entity["name"]}" ({_model(entity)}) {state.get("deployment") or "unknown"}: {message}'
        if state.get("deployment") == "DEPLOYMENT_FAILED":
            yield from _build_log(workspace, endpoint, str(entity["name"]))


def _build_log(workspace: Workspace, endpoint: str, entity: str) -> Iterator[str]:
    """The end of it, and the command that prints all. Where it can't be read it is left out."""
    try:
        logs = workspace.find(f"{place(endpoint)}/served-models/{quote(entity, safe='')}/build-logs")
    except (CallError, SignInError, UnreachableError):
        return
    lines = [line.rstrip()[:_WIDTH] for line in str((logs or {}).get("logs") or "").splitlines() if line.strip()]
    if lines:
        yield f"    build log (all of it: databricks serving-endpoints build-logs {endpoint} {entity}):"
        yield from (f"      {line}" for line in lines[-_LINES:])


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
