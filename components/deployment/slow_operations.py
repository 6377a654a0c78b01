"""Says what a deployment waits for, where that takes long: the engine and the provider are silent meanwhile.

The provider tries a call again that the workspace throttles or can't serve, and says nothing of it. A thread of the
program asks the workspace itself then. It is silent while a healthy workspace deploys an endpoint.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.client import WorkspaceError, connect
from model_serving.databricks.waiting import FIRST_MESSAGE_SECONDS, NEXT_MESSAGE_SECONDS, say

_TICK_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = "5"
"""How long the workspace is asked how it is."""

_MOST_SHOWN: Final = 5
_ENDPOINTS: Final = "/api/2.0/serving-endpoints"


@dataclass
class Operation:
    """A resource that is being created, updated or read. `after` names kinds that it waits for itself.

    `endpoint` is the name of a serving endpoint, whose state tells more; `since` is when nothing else was to wait for.
    """

    kind: str
    name: str
    after: tuple[str, ...] = ()
    endpoint: str | None = None
    since: float | None = field(default=None, init=False)

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


class Watch:
    """The operations of a program on one workspace, and the thread that reports long ones."""

    def __init__(self, settings: Mapping[str, Any] | None) -> None:
        self.settings = settings
        """The provider's; None until an explicit provider's are known."""
        self._lock = threading.Lock()
        self._pending: list[Operation] = []
        self._next_message = 0.0
        self._thread: threading.Thread | None = None

    def begin(self, operation: Operation) -> None:
        with self._lock:
            self._pending.append(operation)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()

    def end(self, operation: Operation) -> None:
        with self._lock:
            self._pending.remove(operation)

    def _run(self) -> None:
        while self._goes_on():
            time.sleep(_TICK_SECONDS)
            now = time.monotonic()
            long = self._long(now)
            if long and now >= self._next_message:
                self._next_message = now + NEXT_MESSAGE_SECONDS
                if line := self._line(long, now):
                    say(line)

    def _goes_on(self) -> bool:
        with self._lock:
            if not self._pending:
                self._thread = None
            return bool(self._pending)

    def _long(self, now: float) -> list[Operation]:
        """What has been waited for long enough to be reported."""
        with self._lock:
            kinds = {operation.kind for operation in self._pending}
            turn = [operation for operation in self._pending if kinds.isdisjoint(operation.after)]
            for operation in turn:
                operation.since = operation.since or now
            return [each for each in turn if each.since and now - each.since >= FIRST_MESSAGE_SECONDS]

    def _line(self, long: list[Operation], now: float) -> str | None:
        """The few that have waited longest, by what the workspace answers about them; None where all are deploying."""
        by_state: dict[str, list[Operation]] = {}
        for operation in long[:_MOST_SHOWN]:
            if state := self._state(operation):
                by_state.setdefault(state, []).append(operation)
        if not by_state:
            return None
        seconds = round(max(now - (each.since or now) for same in by_state.values() for each in same))
        what = "; ".join(f"{', '.join(map(str, same))}: {state}" for state, same in by_state.items())
        return f"Waiting since {seconds} s for {what}. {self._bound()}"

    def _state(self, operation: Operation) -> str | None:
        """What the workspace answers about it; None for an endpoint that is being deployed."""
        if self.settings is None:
            return "the settings of its provider are not known yet"
        try:
            workspace = connect({**self.settings, "retryTimeoutSeconds": _PROBE_SECONDS})
            path = f"{_ENDPOINTS}/{quote(operation.endpoint, safe='')}" if operation.endpoint else _ENDPOINTS
            found = workspace.find(path)
        except WorkspaceError as error:
            return str(error)
        if not operation.endpoint:
            return "the workspace answers, but not yet to this"
        if found is None:
            return "the workspace answers, but has not created it"
        is_updating = (found.get("state") or {}).get("config_update") == "IN_PROGRESS"
        return None if is_updating else "the workspace has it and is not deploying it"

    def _bound(self) -> str:
        if bound := (self.settings or {}).get("retryTimeoutSeconds"):
            return f"A call that is answered 429 or 503 is given up after {bound} s"
        return "It may wait without an end; to bound it: pulumi config set databricks:retryTimeoutSeconds 300"
