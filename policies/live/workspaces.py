"""The live workspaces of a run, each read with the credentials of a provider."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from model_serving.databricks.call_clock import CallClock
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import NotFoundError, UnreachableError, WorkspaceError
from model_serving.databricks.sdk import probe
from model_serving.databricks.timeouts import TIMEOUT_SETTINGS, Timeouts
from model_serving.policies.live.endpoints import Endpoints, LiveEndpoint, UnreadableError

RETRY_SECONDS: Final = 20
"""How long a throttled or failing read is retried before it counts as unreadable."""

_ABSENT: Final = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")
"""The codes for a thing that doesn't exist, besides none. Another one says that the API or the feature doesn't."""

_lock = threading.Lock()
_workspaces: dict[tuple[tuple[str, str], ...], Endpoints] = {}


def live_endpoint(
    name: str, provider: Mapping[str, Any], *, is_preview: bool, seconds: int = RETRY_SECONDS
) -> LiveEndpoint | None:
    """The endpoint of that name in the provider's workspace, or None. Each endpoint is read once per run.

    `provider` holds the provider's inputs, all known. What they leave out is read from the environment and the
    configuration profile. Raises UnreadableError.
    """
    return live_workspace(provider, is_preview=is_preview, seconds=seconds).read(name)


def listed_names(provider: Mapping[str, Any], *, is_preview: bool, seconds: int = RETRY_SECONDS) -> frozenset[str]:
    """The names of all endpoints that the provider's workspace lists, in lower case. One listing serves all rules.

    Raises UnreadableError.
    """
    return live_workspace(provider, is_preview=is_preview, seconds=seconds).listed()


def live_workspace(provider: Mapping[str, Any], *, is_preview: bool, seconds: int = RETRY_SECONDS) -> Endpoints:
    """The provider's workspace, the same object in a run. Connects with the first read.

    `provider` holds the provider's inputs, all known.
    """
    key = tuple(sorted((name, value) for name, value in provider.items() if isinstance(value, str)))
    with _lock:
        if key not in _workspaces:
            _workspaces[key] = Endpoints(lambda: WorkspaceReader(provider, seconds), is_preview=is_preview)
        return _workspaces[key]


def require_workspace(provider: Mapping[str, Any], seconds: int = RETRY_SECONDS) -> None:
    """Return when the provider's workspace answers, or if nothing says which it is. Raises UnreadableError.

    `provider` holds the provider's inputs, all known.
    """
    try:
        probe(provider, CallClock(Timeouts(retry=seconds, answer=seconds)))
    except UnreachableError as error:
        raise UnreadableError(str(error), lasting=True) from error


class WorkspaceReader:
    """Reads of one workspace, each bounded by `seconds`."""

    def __init__(self, provider: Mapping[str, Any], seconds: int) -> None:
        settings = {**provider, **dict.fromkeys(TIMEOUT_SETTINGS, seconds)}
        self._workspace = _within(2 * seconds, lambda: Workspace(settings))

    def get(self, path: str) -> dict[str, Any] | None:
        """The answer, or None where the workspace says that there is no such thing. Raises UnreadableError."""
        try:
            return self._workspace.get(path)
        except NotFoundError as error:
            if not error.code or error.code in _ABSENT:
                return None
            raise UnreadableError(str(error)) from error
        except (WorkspaceError, OSError) as error:
            raise UnreadableError(str(error), lasting=isinstance(error, UnreachableError)) from error


def _within(seconds: int, connect: Callable[[], Workspace]) -> Workspace:
    """The result of `connect`, which may retry a sign-in for minutes; its thread is left behind after `seconds`."""
    connected: Future[Workspace] = Future()

    def run() -> None:
        try:
            connected.set_result(connect())
        except Exception as error:  # noqa: BLE001  raised where the result is read
            connected.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return connected.result(timeout=seconds)
    except TimeoutError as error:
        raise UnreadableError(f"no answer within {seconds} seconds", lasting=True) from error
    except (WorkspaceError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableError(str(error), lasting=isinstance(error, UnreachableError)) from error
