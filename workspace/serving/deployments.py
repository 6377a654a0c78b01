"""The state machine of a serving endpoint: a config is pending until its deployment ends, then active or failed.

Nothing runs in the background. A deployment records when it ends and whether it fails; `settled` computes the current
state from the clock, and build_phases.py what a deployment is doing.
"""

import re
from collections.abc import Mapping
from typing import Final

from model_serving.workspace.serving.build_phases import FAILS_AT, creation_message, new_build
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json, Store

SECRET_REFERENCE: Final = re.compile(r"\{\{secrets/([^/{}]+)/([^/{}]+)\}\}")


def begin(endpoint: Json, config: Json, failures: Mapping[str, Json], now: float, ready_after: float) -> Json:
    """The endpoint with `config` pending.

    `failures` maps an entity's name to the `reason` why its deployment fails, and the `phase` in which it does: the
    first failure ends the deployment of all.
    """
    parts = [FAILS_AT[failure["phase"]] for failure in failures.values()]
    return endpoint | {
        "config_update": "IN_PROGRESS",
        "failures": dict(failures),
        "failing": {},
        "ready_at": now + ready_after * min(parts, default=1.0),
        "pending_builds": _builds(endpoint, config, failures, new_build(now, ready_after)),
        "pending_config": config | {"config_version": _last_version(endpoint) + 1, "start_time": milliseconds(now)},
    }


def _builds(endpoint: Json, config: Json, failures: Mapping[str, Json], new: Json) -> Json:
    """The deployment of each entity. The image and the server of an active one with the same version are kept."""
    active = {} if endpoint["is_stopped"] else _versions(endpoint["config"])
    kept = {name: build for name, build in (endpoint.get("builds") or {}).items() if name not in failures}
    return {
        name: kept[name] if name in kept and active.get(name) == version else new
        for name, version in _versions(config).items()
    }


def _versions(config: Json | None) -> dict[str, tuple[str | None, str | None]]:
    entities = (config or {}).get("served_entities", [])
    return {entity["name"]: (entity.get("entity_name"), entity.get("entity_version")) for entity in entities}


def settled(endpoint: Json, now: float) -> Json:
    """The endpoint's current state. After a failure the old config serves. Source: captures of the service."""
    if endpoint["config_update"] != "IN_PROGRESS" or now < endpoint["ready_at"]:
        return endpoint
    if endpoint["failures"]:
        return endpoint | {"config_update": "UPDATE_FAILED"}
    active = {member: value for member, value in endpoint["pending_config"].items() if member != "start_time"}
    return endpoint | {
        "config_update": "NOT_UPDATING",
        "config": active,
        "builds": endpoint.get("pending_builds") or {},
        "pending_config": None,
        "pending_builds": {},
        "is_stopped": bool(endpoint.get("stays_stopped")),
    }


def active_entity_state(endpoint: Json, entity_name: str, *, is_cold: bool) -> Json:
    if endpoint["is_stopped"]:
        return {"deployment": "DEPLOYMENT_STOPPED", "deployment_state_message": "Stopped"}
    if reason := failure_of(endpoint, entity_name):
        return {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": reason}
    return {"deployment": "DEPLOYMENT_READY", "deployment_state_message": "Scaled to zero" if is_cold else ""}


def failure_of(endpoint: Json, entity_name: str) -> str | None:
    """Why a deployed entity fails now; None if it doesn't."""
    return (endpoint.get("failing") or {}).get(entity_name)


def pending_entity_state(endpoint: Json, entity_name: str, now: float) -> Json:
    """The state of an entity that deploys or did not deploy; the failure of one entity aborts the others."""
    if endpoint["config_update"] == "IN_PROGRESS":
        update = new_build(endpoint["pending_config"]["start_time"] / 1000, 0)
        build = (endpoint.get("pending_builds") or {}).get(entity_name, update)
        return {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": creation_message(build, now)}
    if failure := pending_failure(endpoint, entity_name):
        return {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": failure["reason"]}
    reason = "was cancelled" if endpoint["config_update"] == "UPDATE_CANCELED" else "failed"
    message = f"Served entity creation aborted because the endpoint update {reason}."
    return {"deployment": "DEPLOYMENT_ABORTED", "deployment_state_message": message}


def pending_failure(endpoint: Json, entity_name: str) -> Json | None:
    """The `reason` why the deployment of an entity fails, and its `phase`. Older databases have the reason alone."""
    failure = endpoint["failures"].get(entity_name)
    return {"phase": "build", "reason": failure} if isinstance(failure, str) else failure


def failures(store: Store, entities: list[Json]) -> dict[str, Json]:
    """By entity name, why and in which phase its deployment fails.

    A missing secret, a missing or unready version, or a seeded failure: `fails` of a version, a reason or `{phase,
    reason}`. In which phase the service finds out is not verified.
    """
    found = ((entity["name"], _failure(store, entity)) for entity in entities)
    return {name: failure for name, failure in found if failure}


def _failure(store: Store, entity: Json) -> Json | None:
    for value in (entity.get("environment_vars") or {}).values():
        if (reference := SECRET_REFERENCE.fullmatch(str(value))) and not store.get(
            "secret", "/".join(reference.groups())
        ):
            return {"phase": "start", "reason": f"Secret '{value}' could not be resolved."}
    if kind_of(entity) != "CUSTOM_MODEL":
        return None
    name, number = entity["entity_name"], entity["entity_version"]
    version = store.get("model_version" if "." in name else "registry_version", f"{name}/{number}")
    if version is None:
        return _not_fetched(f"Model version '{number}' of registered model '{name}' does not exist.")
    if version["status"] != "READY":
        return _not_fetched(f"Model version '{number}' of registered model '{name}' is {version['status']}, not READY.")
    seeded = version.get("fails")
    if isinstance(seeded, dict):
        return {"phase": seeded.get("phase", "build"), "reason": str(seeded.get("reason"))}
    return {"phase": "build", "reason": str(seeded)} if seeded else None


def _not_fetched(reason: str) -> Json:
    return {"phase": "fetch", "reason": reason}


def _last_version(endpoint: Json) -> int:
    """The version of the active config; a failed update does not use up a version."""
    return int(endpoint["config"]["config_version"]) if endpoint["config"] else 0
