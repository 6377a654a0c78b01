"""The state machine of a serving endpoint: a config is pending until its deployment is due, then active or failed.

Nothing runs in the background. A deployment records when it will be over and whether it will fail; `settled` computes
from the clock what that means now.
"""

import re
from typing import Final

from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json, Store

SECRET_REFERENCE: Final = re.compile(r"\{\{secrets/([^/{}]+)/([^/{}]+)\}\}")


def begin(endpoint: Json, config: Json, failures: dict[str, str], now: float, ready_after: float) -> Json:
    """The endpoint with `config` pending; `failures` holds why an entity's deployment will fail, by entity name."""
    return endpoint | {
        "config_update": "IN_PROGRESS",
        "failures": failures,
        "ready_at": now + ready_after,
        "pending_config": config | {"config_version": _last_version(endpoint) + 1, "start_time": milliseconds(now)},
    }


def settled(endpoint: Json, now: float) -> Json:
    """The endpoint as it is now. A failed config stays pending, the old one goes on serving. Source: captures."""
    if endpoint["config_update"] != "IN_PROGRESS" or now < endpoint["ready_at"]:
        return endpoint
    if endpoint["failures"]:
        return endpoint | {"config_update": "UPDATE_FAILED"}
    active = {member: value for member, value in endpoint["pending_config"].items() if member != "start_time"}
    return endpoint | {
        "config_update": "NOT_UPDATING",
        "config": active,
        "pending_config": None,
        "is_stopped": False,
    }


def active_entity_state(endpoint: Json, *, is_cold: bool) -> Json:
    if endpoint["is_stopped"]:
        return {"deployment": "DEPLOYMENT_ABORTED", "deployment_state_message": "Stopped"}
    return {"deployment": "DEPLOYMENT_READY", "deployment_state_message": "Scaled to zero" if is_cold else ""}


def pending_entity_state(endpoint: Json, entity_name: str) -> Json:
    """While it deploys, and after it failed: the failed entity says why, the others were given up with it."""
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
    """Why each entity that can't be deployed can't: its version is missing, not ready, or told to fail."""
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
    """The active config's version: that of a failed update is used again by the next one."""
    return int(endpoint["config"]["config_version"]) if endpoint["config"] else 0
