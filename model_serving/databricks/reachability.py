"""A probe of the workspace's address. Without it the SDK and the provider wait for minutes for an absent host."""

import http.client
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Final

from model_serving.databricks.call_clock import CallClock
from model_serving.databricks.error_bodies import summary
from model_serving.databricks.errors import UnavailableError, UnreachableError
from model_serving.databricks.this_machine import is_on_this_machine
from model_serving.databricks.timeouts import Timeouts

_PROBE: Final = "/.well-known/databricks-config"
_TOKENS: Final = "/oidc/v1/token"
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_REFUSED_SECONDS: Final = 2
"""How long a connection that this machine refuses is retried: no server, or one that is starting."""

_LOST_SECONDS: Final = 5
"""How long a reset or refused connection, or a host name without an address, is retried."""

_PAUSE_SECONDS: Final = 0.5
_MAX_BODY_BYTES: Final = 2000
"""How much of an error's body is read."""


def require_answer(host: str, timeouts: Timeouts) -> None:
    """Return when the workspace answers. Raises UnreachableError and UnavailableError.

    A lost connection is retried for a few seconds, 503 and 429 for as long as any call.
    """
    address = (host if "://" in host else f"https://{host}").rstrip("/")
    clock = CallClock(timeouts, address)
    clock.begin(f"GET {_PROBE}")
    while True:
        error, retry_seconds = _probe(address, clock)
        if error is None:
            return
        if clock.waited >= retry_seconds:
            raise error
        clock.sleep(_PAUSE_SECONDS)


def _probe(address: str, clock: CallClock) -> tuple[UnreachableError | None, float]:
    """The error, if any, and for how many seconds to retry."""
    try:
        if not _is_busy(urllib.request.Request(address + _PROBE), clock):  # noqa: S310  the address is the user's own
            return None, 0
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        message = f"The workspace {address} does not answer: {reason}"
        return UnreachableError(message), _retry_seconds(address, reason)
    return unavailable(clock), clock.timeouts.retry - _PAUSE_SECONDS


def sign_in_is_unavailable(clock: CallClock) -> bool:
    """Whether the service that issues OAuth tokens answers 503 or 429: the SDK takes that for a refused sign-in."""
    request = urllib.request.Request(clock.host + _TOKENS, b"", method="POST")  # noqa: S310  see _probe
    try:
        return _is_busy(request, clock, f"POST {_TOKENS}")
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _is_busy(request: urllib.request.Request, clock: CallClock, name: str = "") -> bool:
    """Whether the answer is 503 or 429, which the clock records."""
    try:
        urllib.request.urlopen(request, timeout=clock.timeouts.answer).close()  # noqa: S310  see _probe
    except urllib.error.HTTPError as answer:
        with answer:
            clock.record_answer(summary(answer.code, answer.reason, answer.read(_MAX_BODY_BYTES)), name)
        return answer.code in _BUSY
    return False


def _retry_seconds(address: str, reason: object) -> float:
    if isinstance(reason, ConnectionRefusedError) and is_on_this_machine(address):
        return _REFUSED_SECONDS
    if isinstance(reason, TimeoutError | ssl.SSLError) or not isinstance(reason, OSError | http.client.HTTPException):
        return 0  # the timeout has passed, or another try changes nothing
    return _LOST_SECONDS


def unreachable_hint(host: object) -> str:
    """What to do about a host that does not answer."""
    if is_on_this_machine(host):
        return "Start the embedded workspace in another terminal: make workspace"
    return "Check databricks:host in the stack file, and that this machine can reach it"


def unavailable(clock: CallClock) -> UnavailableError:
    """The error for a workspace that answered only that it can't serve now."""
    return UnavailableError(f"The workspace {clock.host} answers {clock.last_answer} to {clock.tried}")
