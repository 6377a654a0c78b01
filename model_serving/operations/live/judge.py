"""The status of an endpoint, from the workspace's answer and what the stack files declare. Nothing is read here."""

from collections.abc import Mapping
from typing import Any, Final

from model_serving.databricks.build_logs import log_lines
from model_serving.databricks.prices.cost import Size, size
from model_serving.databricks.serving_endpoints import (
    config_update,
    deployment_state,
    has_failed,
    is_stopped,
    is_updating,
    traffic_shares,
)
from model_serving.operations.live.drift import Expected, differences
from model_serving.operations.live.status import (
    Deployment,
    EndpointStatus,
    EntityStatus,
    Serves,
    Source,
    State,
)
from model_serving.operations.live.targets import Target

Answer = Mapping[str, Any]

_COLD: Final = "scaled to zero"
"""How `deployment_state_message` of a ready entity begins that has scaled to zero. Source: captures of the service."""


def judged(target: Target, live: Answer, expected: Expected, host: str, *, listed: bool = False) -> EndpointStatus:
    """The status of an endpoint of which `live` is GET's answer, or with `listed` its summary in the listing."""
    active, pending = live.get("config") or {}, _pending(live)
    entities = _entities(target, active, pending)
    state = _state(live, entities)
    return EndpointStatus(
        target.key,
        str(live["name"]),
        state,
        _serves(live, entities),
        _reason(live, state, entities),
        _since(live) if state is State.UPDATING else None,
        entities,
        active.get("config_version"),
        pending.get("config_version"),
        tuple(differences(live, expected, listed=listed)),
        target.declared is not None,
        str(live.get("id") or ""),
        str(live.get("creator") or ""),
        _url(live, target, host),
        live.get("route_optimized"),
        str(live.get("permission_level") or ""),
        Source.LISTING if listed else Source.ENDPOINT,
    )


def absent(target: Target, *, is_state_known: bool) -> EndpointStatus:
    """The status of an endpoint that the workspace does not have."""
    if target.deployed or not is_state_known:
        reason = "it is not in the workspace"
        if target.deployed:
            reason += ". `pulumi up --refresh` creates it again"
        state = State.MISSING
    else:
        state, reason = State.NOT_DEPLOYED, "no deployment has created it"
    declared = target.declared is not None
    return EndpointStatus(target.key, target.name, state, Serves.NOTHING, reason, is_declared=declared)


def unread(target: Target, reason: str) -> EndpointStatus:
    """The status of an endpoint that could not be read."""
    declared = target.declared is not None
    shown = " ".join(log_lines(reason))
    return EndpointStatus(target.key, target.name, State.UNREADABLE, reason=shown, is_declared=declared)


def _pending(live: Answer) -> Answer:
    return live.get("pending_config") or {}


def _entities(target: Target, active: Answer, pending: Answer) -> tuple[EntityStatus, ...]:
    """The entities of both configs and of the stack files, in the order of the active config."""
    serving, coming = _by_name(active), _by_name(pending)
    shares, next_shares = _shares(active), _shares(pending)
    declared = target.declared.routes if target.declared else {}
    return tuple(
        EntityStatus(
            name,
            _deployment(serving[name]) if name in serving else None,
            _deployment(coming[name]) if name in coming else None,
            (shares or {}).get(name, 0) if shares is not None else None,
            (next_shares or {}).get(name, 0) if next_shares is not None else None,
            declared.get(name),
            _size(serving[name]) if name in serving and shares is not None else None,
        )
        for name in dict.fromkeys([*serving, *coming])
    )


def _size(entity: Answer) -> Size:
    provisioned = entity.get("min_provisioned_concurrency") or 0, entity.get("max_provisioned_concurrency") or None
    scales = entity.get("scale_to_zero_enabled") is True
    return size(entity.get("workload_size"), entity.get("workload_type"), provisioned, scales_to_zero=scales)


def _by_name(config: Answer) -> dict[str, Answer]:
    return {str(each.get("name")): each for each in config.get("served_entities") or []}


def _shares(config: Answer) -> dict[str, int] | None:
    """The traffic of a config; None where the answer has none, as in a listing."""
    return traffic_shares(config["traffic_config"]) if config.get("traffic_config") else None


def _deployment(entity: Answer) -> Deployment:
    state = entity.get("state") or {}
    external = entity.get("external_model") or entity.get("foundation_model") or {}
    return Deployment(
        str(entity.get("entity_name") or external.get("name") or "unknown"),
        str(entity.get("entity_version") or ""),
        deployment_state(entity),
        " ".join(log_lines(str(state.get("deployment_state_message") or ""))),
    )


def _state(live: Answer, entities: tuple[EntityStatus, ...]) -> State:
    state = live.get("state") or {}
    if is_updating(live):
        return State.UPDATING
    if is_stopped(live):
        return State.STOPPED
    serving = [each for each in entities if each.active]
    if has_failed(live) or any(_is_down(each.active) for each in serving):
        return State.FAILED
    if state.get("ready") != "READY":
        return State.NOT_READY
    used = [each for each in serving if each.traffic] or serving
    is_cold = bool(used) and all(_is_cold(each.active) for each in used)
    return State.SCALED_TO_ZERO if is_cold else State.READY


def _is_down(deployment: Deployment | None) -> bool:
    return deployment is not None and deployment.state in ("failed", "aborted")


def _is_cold(deployment: Deployment | None) -> bool:
    return deployment is not None and deployment.message.lower().startswith(_COLD)


def _serves(live: Answer, entities: tuple[EntityStatus, ...]) -> Serves:
    state = live.get("state") or {}
    if is_stopped(live) or not live.get("config"):
        return Serves.NOTHING
    used = [each for each in entities if each.active and (each.traffic is None or each.traffic)]
    down = [each for each in used if _is_down(each.active)]
    if used and len(down) == len(used):
        return Serves.NOTHING
    if down:
        return Serves.PART
    return Serves.EVERYTHING if state.get("ready") == "READY" else Serves.NOTHING


def _reason(live: Answer, state: State, entities: tuple[EntityStatus, ...]) -> str:
    """Why somebody has to act, in one line; what each entity reports is beside it."""
    if state is State.STOPPED:
        return "stopped: every request is answered 400"
    if state is State.NOT_READY:
        return "it answers no requests" if live.get("config") else "it has no served entities"
    if state is not State.FAILED:
        return ""
    if has_failed(live):
        ended = "was canceled" if config_update(live) == "UPDATE_CANCELED" else "failed"
        still = "the last update {}; what served before still does"
        return (still if live.get("config") else "the first deployment {}").format(ended)
    down = [each.name for each in entities if _is_down(each.active)]
    return f"{', '.join(down)} {'fails' if len(down) == 1 else 'fail'}"


def _since(live: Answer) -> float | None:
    """When the update began, as a UNIX time; a listing has only the time of the last change."""
    began = _pending(live).get("start_time") or live.get("last_updated_timestamp")
    return began / 1000 if began else None


def _url(live: Answer, target: Target, host: str) -> str:
    if live.get("endpoint_url"):
        return str(live["endpoint_url"])
    if target.deployed and target.deployed.route_optimized and target.deployed.id == live.get("id"):
        return target.deployed.url
    if live.get("route_optimized", target.declared is not None and target.declared.route_optimized):
        return ""  # its own is not known; the workspace's would refuse
    return f"{host}/serving-endpoints/{live['name']}/invocations"
