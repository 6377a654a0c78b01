"""Whether an endpoint serves, why not and what to do, from the workspace's answers to GET."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.databricks.build_logs import Reader, build_log
from model_serving.databricks.naming import model_label
from model_serving.databricks.serving_endpoints import (
    config_update,
    has_failed,
    is_stopped,
    is_updating,
    traffic_shares,
)

_LOG_LINES: Final = 5
"""How many of the last lines of a build log are shown."""

_LOG_LINES_OF_A_CREATION: Final = 30
"""After a failed creation the provider deletes the endpoint, and its logs with it."""


def failure_report(workspace: Reader, live: Mapping[str, Any]) -> str:
    """What failed for each served entity, with the end of its build log, and what is still served.

    `live` is the answer to GET of the endpoint.
    """
    name, is_first = str(live["name"]), not live.get("config")
    ended = "was canceled" if config_update(live) == "UPDATE_CANCELED" else "failed"
    lines = [f'The {"first deployment" if is_first else "last update"} of endpoint "{name}" {ended}:']
    lines += _pending_entities(workspace, name, live)
    serves_nothing = "  It serves nothing" + ("" if is_first else ": it is stopped")
    lines.append(serves_nothing if is_first or is_stopped(live) else f"  It still serves: {_served(live)}")
    lines.append("  Correct the stack file or the model, then run `pulumi up`")
    return "\n".join(lines)


@dataclass(frozen=True)
class StateReport:
    """What callers of an endpoint get now, in one sentence, and more lines."""

    message: str
    details: str = ""

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.message, self.details)))


def state_report(workspace: Reader, live: Mapping[str, Any]) -> StateReport | None:
    """Why the endpoint does not serve its last config, and what to do; None if it does, or is being updated.

    `live` is the answer to GET. A build log is read only if a deployment failed.
    """
    name, state = str(live["name"]), live.get("state") or {}
    if is_stopped(live):
        return StateReport(stopped_report(live))
    if has_failed(live):
        message, _, details = failure_report(workspace, live).partition("\n")
        return StateReport(message, details)
    failing = "\n".join(_failing_entities(live))
    if is_updating(live):
        return None
    if state.get("ready") == "NOT_READY":
        return StateReport(f'Endpoint "{name}" is not ready: it answers no requests', failing)
    return StateReport(f'Endpoint "{name}" serves only in part', failing) if failing else None


def stopped_report(live: Mapping[str, Any]) -> str:
    """That the endpoint is stopped, since when at the latest, and what its callers get."""
    return f'Endpoint "{live["name"]}" is stopped{_since(live)}: every request is answered 400'


def _since(live: Mapping[str, Any]) -> str:
    """When the endpoint was last changed, the only time that a read has."""
    changed = live.get("last_updated_timestamp")
    return f" (last changed on {datetime.fromtimestamp(changed / 1000, UTC):%Y-%m-%d %H:%M} UTC)" if changed else ""


def _pending_entities(workspace: Reader, endpoint: str, live: Mapping[str, Any]) -> Iterator[str]:
    for entity in (live.get("pending_config") or {}).get("served_entities") or []:
        yield _entity(entity)
        if _deployment(entity) == "DEPLOYMENT_FAILED":
            yield from _build_log(workspace, endpoint, str(entity["name"]), is_first=not live.get("config"))


def _failing_entities(live: Mapping[str, Any]) -> Iterator[str]:
    """The entities of the active config that are not ready, each with its share of the traffic."""
    config = live.get("config") or {}
    shares = traffic_shares(config.get("traffic_config"))
    for entity in config.get("served_entities") or []:
        if _deployment(entity) not in {"DEPLOYMENT_READY", "unknown"}:
            yield f"{_entity(entity)} ({shares.get(entity['name'], 0)} % of the traffic)"


def _entity(entity: Mapping[str, Any]) -> str:
    message = str((entity.get("state") or {}).get("deployment_state_message") or "no reason given")
    return f'  "{entity["name"]}" ({_model(entity)}) {_deployment(entity)}: {message}'


def _deployment(entity: Mapping[str, Any]) -> str:
    return str((entity.get("state") or {}).get("deployment") or "unknown")


def _build_log(workspace: Reader, endpoint: str, entity: str, *, is_first: bool) -> Iterator[str]:
    """The end of the log, or nothing if it cannot be read; more of it if the endpoint is going to be deleted."""
    if lines := build_log(workspace, endpoint, entity, _LOG_LINES_OF_A_CREATION if is_first else _LOG_LINES):
        command = "" if is_first else f" (all of it: databricks serving-endpoints build-logs {endpoint} {entity})"
        yield f"    build log{command}, the last lines:"
        yield from (f"      {line}" for line in lines)


def _served(live: Mapping[str, Any]) -> str:
    config = live["config"]
    shares = traffic_shares(config.get("traffic_config"))
    entities = config.get("served_entities") or []
    return ", ".join(f'"{each["name"]}" ({_model(each)}) {shares.get(each["name"], 0)} %' for each in entities)


def _model(entity: Mapping[str, Any]) -> str:
    external = (entity.get("external_model") or {}).get("name")
    return model_label(str(entity.get("entity_name") or external or "unknown"), entity.get("entity_version"))
