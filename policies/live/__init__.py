"""The live workspace, for the rules that compare with it."""

from model_serving.policies.live.endpoints import Endpoints, LiveEndpoint, UnreadableError
from model_serving.policies.live.workspaces import (
    RETRY_SECONDS,
    listed_names,
    live_endpoint,
    live_workspace,
    require_workspace,
)

__all__ = [
    "RETRY_SECONDS",
    "Endpoints",
    "LiveEndpoint",
    "UnreadableError",
    "listed_names",
    "live_endpoint",
    "live_workspace",
    "require_workspace",
]
