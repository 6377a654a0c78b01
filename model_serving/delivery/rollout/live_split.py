"""The split that the workspace serves, once no update of the endpoint is in progress."""

from collections.abc import Callable, Mapping
from typing import Any

from model_serving.databricks.client import Workspace
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    StillUpdatingError,
    endpoint_path,
    traffic_shares,
    wait_for_update,
)
from model_serving.errors import UserError
from model_serving.spec.rollout_record import Split


def settled_split(workspace: Workspace, name: str, notify: Callable[[str], None]) -> Split:
    """The live split of an endpoint, as `settled_endpoint` reads it; empty if it does not exist."""
    live = settled_endpoint(workspace, name, notify)
    return traffic_shares((live.get("config") or {}).get("traffic_config"))


def settled_endpoint(workspace: Workspace, name: str, notify: Callable[[str], None]) -> Mapping[str, Any]:
    """The endpoint of that name in the workspace; empty if there is none.

    Waits for an update in progress, with words, as long as the Databricks provider would. Raises WorkspaceError, and
    UserError if the update takes longer.
    """
    minutes = LONGEST_UPDATE_SECONDS // 60

    def read() -> Mapping[str, Any]:
        return workspace.find(endpoint_path(name)) or {}

    def say(_live: Mapping[str, Any], _waited: float) -> None:
        notify(f"{name} is being updated: waiting until that ends, {minutes} minutes at most\n")

    try:
        return wait_for_update(read(), read, say=say)
    except StillUpdatingError:
        raise UserError(f"{name} is still being updated after {minutes} minutes. Run the command again later") from None
