"""The state machine of a serving endpoint: a config is pending until its deployment ends, then active or failed.

Nothing runs in the background. A deployment records when it ends and whether it fails; `settled` computes the current
state from the clock.
"""

import re
from typing import Final

from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json, Store

SECRET_REFERENCE: Final = re.compile(r"\{\{secrets/([^/{}]+)/([^/{}]+)\}\}")


def begin(endpoint: Json, config: Json, failures: dict[str, str], now: float, ready_after: float) -> Json:
    """The endpoint with `config` pending; `failures` maps an entity's name to the reason why its deployment fails."""
    return endpoint | {
        "config_update": "IN_PROGRESS",
        "failures": failures,
        "failing": {},
        "ready_at": now + ready_after,
        "pending_config": config | {"config_version": _last_version(endpoint) + 1, "start_time": milliseconds(now)},
    }


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
        "pending_config": None,
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


def pending_entity_state(endpoint: Json, entity_name: str) -> Json:
    """The state of an entity that deploys or did not deploy; the failure of one entity aborts the others."""
    if endpoint["config_update"] == "IN_PROGRESS":
        return {
            "deployment": "DEPLOYMENT_CREATING",
            "deployment_state_message": "Creating resources for served entity.",
        }
    if reason := endpoint["failures"].get(entity_name):
        return {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": reason}
    reason = "was cancelled" if endpoint["config_update"] == "UPDATE_CANCELED" else "failed"
    message = f"Served entity creation aborted because the endpoint update {reason}."
    return {"deployment": "DEPLOYMENT_ABORTED", "deployment_state_message": message}


def failures(store: Store, entities: list[Json]) -> dict[str, str]:
    """By entity name, why its deployment fails: a missing secret, a missing or unready version, or a seeded failure."""
    reasons = ((entity["name"], _failure(store, entity)) for entity in entities)
    return {name: reason for name, reason in reasons if reason}


def _failure(store: Store, entity: Json) -> str | None:
    for value in (entity.get("environment_vars") or {}).values():
        if (reference := SECRET_REFERENCE.fullmatch(str(value))) and not store.get(
            "secret", "/".join(reference.groups())
        ):
            return f"Secret '{value}' could not be resolved."
    if kind_of(entity) != "CUSTOM_MODEL":
        return None
    name, number = entity["entity_name"], entity["entity_version"]
    version = store.get("model_version" if "." in name else "registry_version", f"{name}/{number}")
    if version is None:
        return f"Model version '{number}' of registered model '{name}' does not exist."
    if version["status"] != "READY":
        return f"Model version '{number}' of registered model '{name}' is {version['status']}, not READY."
    return str(version["fails"]) if version.get("fails") else None


def _last_version(endpoint: Json) -> int:
    """The version of the active config; a failed update does not use up a version."""
    return int(endpoint["config"]["config_version"]) if endpoint["config"] else 0
