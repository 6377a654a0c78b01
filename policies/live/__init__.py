"""The workspace as it is now, for the rules that compare with it."""

import threading
from collections.abc import Mapping
from typing import Any

from model_serving.policies.live.client import RETRY_SECONDS, Credentials, WorkspaceClient
from model_serving.policies.live.endpoints import Endpoints, LiveEndpoint, UnreadableError
from model_serving.policies.live.reachability import require_answer

__all__ = ["RETRY_SECONDS", "LiveEndpoint", "UnreadableError", "live_endpoint", "require_workspace"]

_lock = threading.Lock()
_workspaces: dict[Credentials, Endpoints] = {}


def live_endpoint(
    name: str, provider: Mapping[str, Any], *, is_preview: bool, seconds: int = RETRY_SECONDS
) -> LiveEndpoint | None:
    """The endpoint of that name in the workspace of that provider, or None where there is none.

    `provider` holds the provider's inputs, all known. Raises UnreadableError. Each endpoint is read once a run.
    """
    credentials = Credentials.of(provider)
    with _lock:
        if credentials not in _workspaces:
            _workspaces[credentials] = Endpoints(lambda: WorkspaceClient(credentials, seconds), is_preview=is_preview)
        workspace = _workspaces[credentials]
    return workspace.read(name)


def require_workspace(provider: Mapping[str, Any], seconds: int = RETRY_SECONDS) -> None:
    """Return when the workspace of that provider answers. Raises UnreadableError.

    `provider` holds the provider's inputs, all known.
    """
    require_answer(Credentials.of(provider), seconds)
