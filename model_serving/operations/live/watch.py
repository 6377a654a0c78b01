"""Read a status again and again in a thread, at a bounded rate, so that a view can show how old its data is."""

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from model_serving.errors import UserError
from model_serving.operations.live.status import StackStatus

LEAST_INTERVAL_SECONDS: Final = 2.0
"""A shorter pause between reads would only load the workspace."""

_REST: Final = 3
"""The pause is at least so many times as long as the read before it: a slow workspace is asked less often."""

_TICK_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Frame:
    """What is known at one moment: the last status that was read, and why a newer one could not be."""

    status: StackStatus | None = None
    age: float = 0.0
    """Seconds since that status was read."""
    problem: str = ""
    """Why the last read failed; empty if it did not."""
    reads: int = 0
    """How many reads have ended, with a status or without."""


class Watcher:
    """Reads in a daemon thread until `stop`: a read that hangs delays neither the view nor the end of the command."""

    def __init__(self, read: Callable[[], StackStatus], interval: float) -> None:
        self._read = read
        self._interval = max(LEAST_INTERVAL_SECONDS, interval)
        self._lock = threading.Lock()
        self._changed, self._stopped = threading.Event(), threading.Event()
        self._frame, self._read_at = Frame(), time.monotonic()
        self._defect: BaseException | None = None

    def frames(self) -> Generator[Frame, None, None]:
        """A frame after each read, and in between one each half second. Without end; stop it by closing it."""
        threading.Thread(target=self._run, name="status", daemon=True).start()
        try:
            while True:
                self._changed.wait(_TICK_SECONDS)
                self._changed.clear()
                if self._defect:
                    raise self._defect
                with self._lock:
                    frame = self._frame
                    age = time.monotonic() - self._read_at
                yield Frame(frame.status, age, frame.problem, frame.reads)
        finally:
            self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._keep(self._read(), "")
            except UserError as error:
                self._keep(None, str(error))
            except BaseException as error:  # noqa: BLE001  raised by `frames`
                self._defect = error
                self._changed.set()
                return
            self._stopped.wait(max(self._interval, _REST * (time.monotonic() - began)))

    def _keep(self, status: StackStatus | None, problem: str) -> None:
        with self._lock:
            if status:
                self._read_at = time.monotonic()
            self._frame = Frame(status or self._frame.status, 0, problem, self._frame.reads + 1)
        self._changed.set()
