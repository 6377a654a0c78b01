"""The split that the workspace serves, once no update of the endpoint is in progress."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    POLL_SECONDS,
    endpoint_path,
    is_updating,
    traffic_shares,
)
from model_serving.errors import UserError
from model_serving.spec.rollout_record import Split

_BETWEEN: Final = 30.0
"""Seconds between two lines while an update is waited for."""


def settled_split(workspace: Workspace, name: str, notify: Callable[[str], None]) -> Split:
    """The live split of an endpoint, as `settled_endpoint` reads it; empty if it does not exist."""
    live = settled_endpoint(workspace, name, notify)
    return traffic_shares((live.get("config") or {}).get("traffic_config"))


def settled_endpoint(workspace: Workspace, name: str, notify: Callable[[str], None]) -> Mapping[str, Any]:
    """The endpoint of that name in the workspace; empty if there is none.

    Waits for an update in progress, with words, as long as the Databricks provider would. Raises WorkspaceError, and
    UserError if the update takes longer.
    """
    began, said = time.monotonic(), 0.0
    minutes = LONGEST_UPDATE_SECONDS // 60
    while True:
        live = workspace.find(endpoint_path(name)) or {}
        if not is_updating(live):
            return live
        now = time.monotonic()
        if now - began > LONGEST_UPDATE_SECONDS:
            raise UserError(f"{name} is still being updated after {minutes} minutes. Run the command again later")
        if not said or now - said > _BETWEEN:
            notify(f"{name} is being updated: waiting until that ends, {minutes} minutes at most\n")
            said = now
        time.sleep(POLL_SECONDS)
