"""The live workspace, for the rules that compare with it."""

from model_serving.policies.live.endpoints import LiveEndpoint, UnreadableError
from model_serving.policies.live.workspaces import RETRY_SECONDS, live_endpoint, require_workspace

__all__ = ["RETRY_SECONDS", "LiveEndpoint", "UnreadableError", "live_endpoint", "require_workspace"]
