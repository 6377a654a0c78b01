"""How long a call to the workspace is tried again, and what is printed meanwhile."""

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RETRY_SECONDS: Final = 300
"""How long a throttled or failing call is tried again before it is an error. The SDKs' own default."""

ANSWER_SECONDS: Final = 10
"""How long the workspace may take for one answer."""

BOUNDS: Final = ("retryTimeoutSeconds", "httpTimeoutSeconds")
"""The provider's settings that bound a call."""

FIRST_MESSAGE_SECONDS: Final = 15
NEXT_MESSAGE_SECONDS: Final = 30


class BoundsError(ValueError):
    """A bound that is no number of seconds. The text says which setting."""


@dataclass(frozen=True)
class Bounds:
    """The bounds of every call, in seconds."""

    retry: int = RETRY_SECONDS
    answer: int = ANSWER_SECONDS

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Bounds":
        """The bounds that the provider's settings name, else the defaults. Raises BoundsError."""
        retry, answer = BOUNDS
        return cls(_seconds(settings, retry, RETRY_SECONDS), _seconds(settings, answer, ANSWER_SECONDS))


def _seconds(settings: Mapping[str, Any], name: str, default: int) -> int:
    value = settings.get(name)
    if value is None or value == "":
        return default
    try:
        seconds = int(float(value))  # Pulumi's wire has one kind of number
    except (TypeError, ValueError):
        seconds = 0
    if seconds < 1:
        raise BoundsError(f'databricks:{name} must be a whole number of seconds, at least 1; found "{value}"')
    return seconds


class _Call(threading.local):
    """The call that a thread is making: its request, since when, and what it met last."""

    request = ""
    began = 0.0
    met = ""


class Waiting:
    """The pauses between the tries of a call, as the clock of the SDK's client: bounded, and with messages.

    Calls of several threads share the messages: one every half minute, whoever waits.
    """

    def __init__(self, bounds: Bounds, host: str = "") -> None:
        self.host = host
        self._bounds = bounds
        self._call = _Call()
        self._lock = threading.Lock()
        self._next_message = 0.0

    def begin(self, request: str) -> None:
        """A thread begins a call, such as `GET /api/2.0/serving-endpoints`."""
        self._call.request, self._call.began, self._call.met = request, self.time(), "nothing"

    def meet(self, answer: str, to: str = "") -> None:
        """What the last try met, such as `503 (upstream connect error)`; `to` another request that the call needs."""
        self._call.met = answer
        self._call.request = to or self._call.request

    @property
    def request(self) -> str:
        return self._call.request

    @property
    def met(self) -> str:
        return self._call.met

    @property
    def waited(self) -> int:
        """Seconds since the thread's call began."""
        return round(self.time() - self._call.began)

    def time(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause before another try, but not beyond the bound, whatever the service's Retry-After says."""
        left = self._call.began + self._bounds.retry - self.time()
        if left > seconds:
            self._say()
        time.sleep(max(0.0, min(seconds, left)))

    def _say(self) -> None:
        now = self.time()
        with self._lock:
            if now < max(self._next_message, self._call.began + FIRST_MESSAGE_SECONDS):
                return
            self._next_message = now + NEXT_MESSAGE_SECONDS
        say(
            f"The workspace {self.host} answers {self._call.met} to {self._call.request}: waiting since"
            f" {self.waited} s, gives up after {self._bounds.retry} s"
        )


def say(text: str) -> None:
    """Print a line at once. Pulumi shows what a program or a dynamic provider prints as information.

    `pulumi.log` reaches the engine from the program's main thread only.
    """
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
