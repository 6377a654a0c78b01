"""Serving endpoints in the REST API: their paths, the state of their updates, and how long an update may take."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.errors import WorkspaceError

ENDPOINTS_PATH: Final = "/api/2.0/serving-endpoints"

LONGEST_UPDATE_SECONDS: Final = 45 * 60
"""As long as the Databricks provider waits for an update."""

POLL_SECONDS: Final = 2

_FAILED: Final = ("UPDATE_FAILED", "UPDATE_CANCELED")
"""The states of `config_update` in which an update ended without its configuration being served."""


_WORDS_EVERY_SECONDS: Final = 30


class StillUpdatingError(WorkspaceError):
    """An update has not ended within the longest wait. `waited` is how many seconds that was."""

    def __init__(self, message: str, waited: float) -> None:
        super().__init__(message)
        self.waited = waited


def endpoint_path(name: str) -> str:
    """The path of the endpoint of that name."""
    return f"{ENDPOINTS_PATH}/{quote(name, safe='')}"


def config_update(endpoint: Mapping[str, Any]) -> str:
    """NOT_UPDATING, IN_PROGRESS, UPDATE_FAILED or UPDATE_CANCELED. Source: REST reference, get a serving endpoint."""
    return str((endpoint.get("state") or {}).get("config_update") or "NOT_UPDATING")


def is_updating(endpoint: Mapping[str, Any]) -> bool:
    """Whether an update of the endpoint is in progress."""
    return config_update(endpoint) == "IN_PROGRESS"


def has_failed(endpoint: Mapping[str, Any]) -> bool:
    """Whether the last update of the endpoint failed or was canceled."""
    return config_update(endpoint) in _FAILED


def is_ready(endpoint: Mapping[str, Any]) -> bool:
    """Whether the endpoint answers requests, also while an update is in progress."""
    return (endpoint.get("state") or {}).get("ready") == "READY"


def is_stopped(endpoint: Mapping[str, Any]) -> bool:
    """Whether the endpoint was stopped: its queries get 400 until it is started.

    `state.suspend` is not in the REST reference; captures of the service have it, and served entities that are
    DEPLOYMENT_STOPPED. An endpoint that scaled to zero is READY.
    """
    suspend = (endpoint.get("state") or {}).get("suspend")
    if suspend:
        return str(suspend) == "STOPPED"
    entities = (endpoint.get("config") or {}).get("served_entities") or []
    states = {str((entity.get("state") or {}).get("deployment")) for entity in entities}
    return states == {"DEPLOYMENT_STOPPED"}


def deployment_state(entity: Mapping[str, Any]) -> str:
    """The state of a served entity: `creating`, `ready`, `recovering`, `failed`, `aborted`; empty if it has none."""
    return str((entity.get("state") or {}).get("deployment") or "").removeprefix("DEPLOYMENT_").lower()


def traffic_shares(config: Any) -> dict[str, int]:
    """Percentages by entity of a `traffic_config`, the largest first, without entities that get none."""
    shares = {
        str(route.get("served_entity_name") or route.get("served_model_name")): int(route.get("traffic_percentage", 0))
        for route in (config or {}).get("routes") or []
    }
    return {name: share for name, share in sorted(shares.items(), key=lambda each: (-each[1], each[0])) if share}


def wait_for_update(
    endpoint: Mapping[str, Any],
    read: Callable[[], Mapping[str, Any]],
    *,
    seconds: float | None = None,
    say: Callable[[Mapping[str, Any], float], None] | None = None,
) -> Mapping[str, Any]:
    """The endpoint once no update of it is in progress; `read` reads it again.

    `say` gets the endpoint and for how many seconds it was waited for: at once, then every half minute. Raises
    StillUpdatingError after `seconds`, by default LONGEST_UPDATE_SECONDS.
    """
    longest = LONGEST_UPDATE_SECONDS if seconds is None else seconds
    began, next_words = time.monotonic(), 0.0
    while is_updating(endpoint):
        waited = time.monotonic() - began
        if waited >= longest:
            raise StillUpdatingError(
                f"still being updated after {int(longest) // 60} minutes. See its state with `databricks"
                f" serving-endpoints get {endpoint['name']}`; when the update has ended, run `pulumi up` again",
                waited,
            )
        if say and waited >= next_words:
            next_words = waited + _WORDS_EVERY_SECONDS
            say(endpoint, waited)
        time.sleep(min(POLL_SECONDS, longest - waited))
        endpoint = read()
    return endpoint
