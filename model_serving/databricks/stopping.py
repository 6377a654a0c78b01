"""Stop an endpoint and start it again, with words while it takes long, and without a write that isn't needed.

Sources: product documentation, manage model serving endpoints, "Stop a model serving endpoint": only endpoints of
custom models without an update in progress can be stopped, a stopped endpoint's compute is shut down and its queries
get 400, a start creates a new version of the same config. No SDK has the two calls (databricks-sdk-py issue 752).
Not documented: whether a route-optimized endpoint can be stopped, and whether a config update starts a stopped endpoint
(one user measured that it does). Both are handled either way.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import CallError, NotFoundError, UnreachableError, WorkspaceError
from model_serving.databricks.failure_report import failure_report
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    POLL_SECONDS,
    StillUpdatingError,
    deployment_state,
    endpoint_path,
    has_failed,
    is_stopped,
    is_updating,
    wait_for_update,
)
from model_serving.measures import duration_text, elapsed_text

Say = Callable[[str], None]
"""Takes a sentence on what is being waited for."""

SHOWN_SECONDS: Final = 5 * 60
"""For how long the workspace may take to show that an endpoint is stopped, or starts. No source has a figure."""

_WORDS_EVERY_SECONDS: Final = 30
_CONFLICT: Final = "RESOURCE_CONFLICT"


class NotStoppedError(WorkspaceError):
    """An endpoint could not be stopped, or not in time. The text says why."""


class NotStartedError(WorkspaceError):
    """An endpoint could not be started, or not in time. The text says why."""


def stop_endpoint(workspace: Workspace, name: str, say: Say, seconds: float = LONGEST_UPDATE_SECONDS) -> bool:
    """Stop the endpoint and wait until it is stopped; return whether it was running.

    An update in progress is waited for first, for `seconds` at most: the service refuses to stop during one. Raises
    NotFoundError, NotStoppedError, and CallError where the service refuses.
    """
    deadline = time.monotonic() + seconds
    while True:
        live = _settled(workspace, name, say, deadline, NotStoppedError)
        if is_stopped(live):
            return False
        if _sent(workspace, name, "stop"):
            break
    _wait_until_stopped(workspace, name, say)
    return True


def start_endpoint(workspace: Workspace, name: str, say: Say, seconds: float = LONGEST_UPDATE_SECONDS) -> bool:
    """Start the endpoint and wait until it is ready, for `seconds` at most; return whether it was stopped.

    Raises NotFoundError, NotStartedError with the reason of a failed deployment, and CallError where the service
    refuses.
    """
    deadline, sent = time.monotonic() + seconds, 0.0
    while is_stopped(live := _settled(workspace, name, say, deadline, NotStartedError)):
        if sent and has_failed(live):
            raise NotStartedError(failure_report(workspace, live))
        if sent and time.monotonic() - sent >= SHOWN_SECONDS:
            raise NotStartedError(
                f'Endpoint "{name}" is still shown as stopped {duration_text(SHOWN_SECONDS)} after the call'
            )
        if not sent and begin_start(workspace, name):
            sent = time.monotonic()
        else:
            time.sleep(POLL_SECONDS)
    if (live.get("state") or {}).get("ready") != "READY":
        raise NotStartedError(f'Endpoint "{name}" is not ready. See `databricks serving-endpoints get {name}`')
    return bool(sent)


def begin_start(workspace: Workspace, name: str) -> bool:
    """Start the endpoint without waiting; return False, without a call, if it runs or is being deployed.

    Raises NotFoundError, and CallError where the service refuses.
    """
    live = workspace.get(endpoint_path(name))
    return is_stopped(live) and not is_updating(live) and _sent(workspace, name, "start")


def _sent(workspace: Workspace, name: str, action: str) -> bool:
    """Make the call. False if an update has begun meanwhile, so that the caller waits and looks again.

    If the answer is lost, the call has failed only if nothing of it has arrived.
    """
    path = endpoint_path(name)
    try:
        workspace.call("POST", f"{path}/config:{action}")
    except NotFoundError:
        raise
    except (CallError, UnreachableError) as error:
        live = workspace.get(path)
        stays_stopped = is_stopped(live) and not is_updating(live)
        if stays_stopped == (action == "stop"):
            return True
        if isinstance(error, CallError) and error.code == _CONFLICT:
            return False
        raise
    return True


def _settled(
    workspace: Workspace, name: str, say: Say, deadline: float, too_late: type[WorkspaceError]
) -> Mapping[str, Any]:
    """The endpoint once no update of it is in progress. Raises `too_late` after the deadline."""
    path, longest = endpoint_path(name), deadline - time.monotonic()

    def read() -> Mapping[str, Any]:
        return workspace.get(path)

    def describe(live: Mapping[str, Any], waited: float) -> None:
        say(
            f'Endpoint "{name}" is being deployed{_entities(live)}. Waited {elapsed_text(waited)},'
            f" {duration_text(longest)} at most"
        )

    try:
        return wait_for_update(read(), read, seconds=longest, say=describe)
    except StillUpdatingError as error:
        raise too_late(
            f'Endpoint "{name}" is still being deployed after {elapsed_text(error.waited)}. See its state with'
            f" `databricks serving-endpoints get {name}`, and run the same command again when that has ended"
        ) from None


def _wait_until_stopped(workspace: Workspace, name: str, say: Say) -> None:
    path, began, next_words = endpoint_path(name), time.monotonic(), time.monotonic() + POLL_SECONDS
    while not is_stopped(live := workspace.get(path)) or is_updating(live):
        now = time.monotonic()
        if now - began >= SHOWN_SECONDS:
            raise NotStoppedError(
                f'Endpoint "{name}" is not shown as stopped {duration_text(SHOWN_SECONDS)} after the call. Run the same'
                " command again; if it stays so, somebody else starts it"
            )
        if now >= next_words:
            next_words = now + _WORDS_EVERY_SECONDS
            longest = duration_text(SHOWN_SECONDS)
            say(f'Endpoint "{name}" is stopping since {elapsed_text(now - began)}, {longest} at most')
        time.sleep(POLL_SECONDS)


def _entities(live: Mapping[str, Any]) -> str:
    """` ("champion" creating)`: the served entities that are not ready."""
    entities = (live.get("pending_config") or {}).get("served_entities") or []
    states = {each["name"]: deployment_state(each) or "unknown" for each in entities}
    pending = [f'"{name}" {state}' for name, state in states.items() if state != "ready"]
    return f" ({', '.join(pending)})" if pending else ""
