"""The reads of a comparison: many at a time through one client, within one bound, and each with its own outcome.

The client retries what is throttled as the service asks (Retry-After). What can't be read is a reason, never an answer.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from model_serving.databricks.caller import read_caller
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import DeniedError, SignInError, UnreachableError, WorkspaceError

THREADS: Final = 16
"""Reads at a time; the client keeps as many connections."""

RETRY_SECONDS: Final = 60
"""How long one read that is throttled is tried."""

MOST_SECONDS: Final = 300.0
"""How long all reads of a workspace may take; what was not read by then is not readable."""

_MOST_UNREACHABLE: Final = 2 * THREADS
"""After so many reads without an answer none is tried any more: each would wait again."""


@dataclass(frozen=True)
class Unread:
    """Why something could not be read."""

    reason: str
    is_denied: bool = False

    def __str__(self) -> str:
        return self.reason


Answer: TypeAlias = Mapping[str, Any] | Unread | None
"""None where there is no such thing."""


class Reader:
    """The reads of one workspace, each path once."""

    def __init__(
        self, workspace: Workspace, seconds: float = MOST_SECONDS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.workspace = workspace
        self._clock, self._ends, self._seconds = clock, clock() + seconds, seconds
        self._answers: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._unreachable = 0

    @property
    def calls(self) -> int:
        """How many things were asked for so far; what the client tried again counts once."""
        return len(self._answers)

    def read(self, path: str) -> Answer:
        """The answer to a GET."""
        return self.read_all([path])[path]

    def read_all(self, paths: Iterable[str]) -> dict[str, Answer]:
        """The answers by path, those of earlier reads too.

        The first read of a workspace says whether it can be used at all: it raises SignInError and UnreachableError.
        """
        wanted = list(dict.fromkeys(paths))
        missing = [path for path in wanted if path not in self._answers]
        if missing and not self._answers:
            self._answers[missing[0]] = self._first(missing[0])
            del missing[0]
        if missing:
            with ThreadPoolExecutor(min(THREADS, len(missing))) as executor:
                self._answers.update(zip(missing, executor.map(self._get, missing), strict=True))
        return {path: self._answers[path] for path in wanted}

    def _first(self, path: str) -> Answer:
        try:
            return self.workspace.find(path)
        except (SignInError, UnreachableError):
            raise
        except DeniedError as error:
            read_caller(self.workspace)  # a token that the workspace does not know is denied everything
            return _unread(error)
        except WorkspaceError as error:
            return _unread(error)

    def _get(self, path: str) -> Answer:
        if self._clock() > self._ends:
            return Unread(f"not read: the reads of this workspace took longer than {self._seconds:.0f} s")
        if self._unreachable >= _MOST_UNREACHABLE:
            return Unread("not read: the workspace has stopped answering")
        try:
            return self.workspace.find(path)
        except WorkspaceError as error:
            if isinstance(error, UnreachableError):
                with self._lock:
                    self._unreachable += 1
            return _unread(error)


def _unread(error: WorkspaceError) -> Unread:
    is_denied = isinstance(error, DeniedError)
    return Unread(f"you may not view it: {error}" if is_denied else str(error), is_denied)
