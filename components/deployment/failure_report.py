"""Why an endpoint's update failed, what it serves now and what to do, from the workspace's answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from model_serving.components.deployment.served_config import traffic_shares
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import config_update, endpoint_path, has_failed, is_updating

_LOG_LINES: Final = 5
"""How many of the last lines of a build log are shown."""

_LOG_LINES_OF_A_CREATION: Final = 30
"""After a failed creation the provider deletes the endpoint, and its logs with it."""

_LOG_WIDTH: Final = 200
"""Characters of one line."""


def failure_report(workspace: Workspace, live: Mapping[str, Any]) -> str:
    """What failed for each served entity, with the end of its build log, and what is still served.

    `live` is the answer to GET of the endpoint.
    """
    name, is_first = str(live["name"]), not live.get("config")
    ended = "was canceled" if config_update(live) == "UPDATE_CANCELED" else "failed"
    lines = [f'The {"first deployment" if is_first else "last update"} of endpoint "{name}" {ended}:']
    lines += _entities(workspace, name, live)
    lines.append("  It serves nothing" if is_first else f"  It still serves: {_served(live)}")
    lines.append("  Correct the stack file or the model, then run `pulumi up`")
    return "\n".join(lines)


def state_warning(workspace: Workspace, entry: Mapping[str, Any]) -> str | None:
    """A warning if the endpoint does not serve its last config. `entry` is its entry in the list of endpoints."""
    name, state = entry["name"], entry.get("state") or {}
    if has_failed(entry):
        live = workspace.find(endpoint_path(name))
        return failure_report(workspace, live) if live and has_failed(live) else None
    if is_updating(entry):
        return f'Endpoint "{name}" is being updated. It serves its previous config until the update ends'
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
            yield from _build_log(workspace, endpoint, str(entity["name"]), is_first=not live.get("config"))


def _build_log(workspace: Workspace, endpoint: str, entity: str, *, is_first: bool) -> Iterator[str]:
    """The end of the log, or nothing if it cannot be read; more of it if the endpoint is going to be deleted."""
    try:
        answer = workspace.find(f"{endpoint_path(endpoint)}/served-models/{quote(entity, safe='')}/build-logs")
    except WorkspaceError:
        return
    lines = [line.rstrip()[:_LOG_WIDTH] for line in str((answer or {}).get("logs") or "").splitlines() if line.strip()]
    if lines:
        command = "" if is_first else f" (all of it: databricks serving-endpoints build-logs {endpoint} {entity})"
        yield f"    build log{command}, the last lines:"
        yield from (f"      {line}" for line in lines[-(_LOG_LINES_OF_A_CREATION if is_first else _LOG_LINES) :])


def _served(live: Mapping[str, Any]) -> str:
    config = live["config"]
    shares = traffic_shares(config.get("traffic_config"))
    entities = config.get("served_entities") or []
    return ", ".join(f'"{each["name"]}" ({_model(each)}) {shares.get(each["name"], 0)} %' for each in entities)


def _model(entity: Mapping[str, Any]) -> str:
    external = (entity.get("external_model") or {}).get("name")
    version = entity.get("entity_version")
    return f"{entity.get('entity_name') or external or 'unknown'}{f' v{version}' if version else ''}"
