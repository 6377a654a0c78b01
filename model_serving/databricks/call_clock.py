"""The clock of a client's retries: pauses that end at the timeout, and messages while a call waits."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Final, TextIO

from model_serving.databricks.timeouts import Timeouts

FIRST_MESSAGE_SECONDS: Final = 15
NEXT_MESSAGE_SECONDS: Final = 30


class _Call(threading.local):
    """The call that a thread is making: its request, when it began, and the last answer to it."""

    request = ""
    began = 0.0
    last_answer = ""


class CallClock:
    """The clock that databricks-sdk's client uses for its retries.

    Calls of several threads share the messages: one every half minute, whichever of them waits. `show` gets them; by
    default they are printed to standard output, as Pulumi's programs do.
    """

    def __init__(self, timeouts: Timeouts, host: str = "", *, show: Callable[[str], None] | None = None) -> None:
        self.host = host
        self._show = show or print_line
        self.timeouts = timeouts
        self._call = _Call()
        self._lock = threading.Lock()
        self._next_message = 0.0

    def begin(self, request: str) -> None:
        """Start the clock for this thread's call, such as `GET /api/2.0/serving-endpoints`."""
        self._call.request, self._call.began, self._call.last_answer = request, self.time(), "nothing"

    def record_answer(self, answer: str, request: str = "") -> None:
        """Record what the last try got, such as `503 (upstream connect error)`; `request` if it was another one."""
        self._call.last_answer = answer
        self._call.request = request or self._call.request

    @property
    def tried(self) -> str:
        """The thread's request and for how long it was tried: `GET /x, tried for 20 s`."""
        return f"{self._call.request}, tried for {self.waited} s"

    @property
    def last_answer(self) -> str:
        """What the last try of the thread's call got."""
        return self._call.last_answer

    @property
    def waited(self) -> int:
        """Seconds since the thread's call began."""
        return round(self.time() - self._call.began)

    def time(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause before another try, at most until the timeout, whatever Retry-After the service sends."""
        left = self._call.began + self.timeouts.retry - self.time()
        if left > seconds:
            self._print_progress()
        time.sleep(max(0.0, min(seconds, left)))

    def _print_progress(self) -> None:
        now = self.time()
        with self._lock:
            if now < max(self._next_message, self._call.began + FIRST_MESSAGE_SECONDS):
                return
            self._next_message = now + NEXT_MESSAGE_SECONDS
        self._show(
            f"The workspace {self.host} answers {self.last_answer} to {self._call.request}: waiting since"
            f" {self.waited} s, gives up after {self.timeouts.retry} s"
        )


def print_line(text: str) -> None:
    """Print a line and flush. Pulumi shows what a program or a dynamic provider prints as information.

    `pulumi.log` reaches the engine from the program's main thread only.
    """
    _print(text, sys.stdout)


def print_progress(text: str) -> None:
    """Print a line to standard error and flush, for commands whose results are on standard output."""
    _print(text, sys.stderr)


def _print(text: str, stream: TextIO) -> None:
    stream.write(f"{text}\n")
    stream.flush()
