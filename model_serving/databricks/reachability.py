"""Whether the workspace answers at all, asked before an SDK or the provider would start to wait for it."""

import http.client
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from model_serving.databricks.error_bodies import in_short
from model_serving.databricks.waiting import Bounds, Waiting

_PROBE: Final = "/.well-known/databricks-config"
_TOKENS: Final = "/oidc/v1/token"
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_ABSENT_SECONDS: Final = 2
"""How long a refused connection to this machine is tried again: nobody listens, or a server is starting."""

_LOST_SECONDS: Final = 5
"""How long a reset or refused connection, or a name that isn't resolved, is tried again."""

_PAUSE_SECONDS: Final = 0.5
_MOST_BYTES: Final = 2000
"""So much of an error's body is read."""


class WorkspaceError(Exception):
    """The workspace did not answer as it was asked to. The text is for the user."""


class UnreachableError(WorkspaceError):
    """Nothing answers at the workspace's address. The text says what was tried."""


class UnavailableError(UnreachableError):
    """The workspace answers that it can't serve now (503, 429), for as long as it was asked."""


def require_answer(host: str, bounds: Bounds) -> None:
    """Return when the workspace answers. Raises UnreachableError and UnavailableError.

    A lost connection is tried again for a few seconds, 503 and 429 as long as any call.
    """
    address = (host if "://" in host else f"https://{host}").rstrip("/")
    waiting = Waiting(bounds, address)
    waiting.begin(f"GET {_PROBE}")
    while True:
        error, tried_for = _probe(address, bounds, waiting)
        if error is None:
            return
        if waiting.waited >= tried_for:
            raise error
        waiting.sleep(_PAUSE_SECONDS)


def _probe(address: str, bounds: Bounds, waiting: Waiting) -> tuple[UnreachableError | None, float]:
    """What is wrong, if anything, and for how many seconds that is tried again."""
    try:
        request = urllib.request.Request(address + _PROBE)  # noqa: S310  the address is the user's own
        urllib.request.urlopen(request, timeout=bounds.answer).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        with answer:
            waiting.meet(in_short(answer.code, answer.reason, answer.read(_MOST_BYTES)))
        if answer.code not in _BUSY:
            return None, 0
        return unavailable(address, waiting), bounds.retry - _PAUSE_SECONDS
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        return UnreachableError(f"{address} does not answer: {reason}"), _worth_trying(address, reason)
    return None, 0


def sign_in_is_unavailable(address: str, bounds: Bounds, waiting: Waiting) -> bool:
    """Whether the service that issues OAuth tokens answers 503 or 429: the SDK takes that for a refused sign-in."""
    request = urllib.request.Request(address + _TOKENS, b"", method="POST")  # noqa: S310  the address is the user's own
    try:
        urllib.request.urlopen(request, timeout=bounds.answer).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        with answer:
            waiting.meet(in_short(answer.code, answer.reason, answer.read(_MOST_BYTES)), f"POST {_TOKENS}")
        return answer.code in _BUSY
    except (OSError, ValueError, http.client.HTTPException):
        pass
    return False


def _worth_trying(address: str, reason: object) -> float:
    if isinstance(reason, ConnectionRefusedError) and is_on_this_machine(address):
        return _ABSENT_SECONDS
    if isinstance(reason, TimeoutError | ssl.SSLError) or not isinstance(reason, OSError | http.client.HTTPException):
        return 0  # it was waited for, or trying again changes nothing
    return _LOST_SECONDS


def is_on_this_machine(host: object) -> bool:
    """Whether a URL leads to this machine."""
    return urlsplit(str(host)).hostname in ("127.0.0.1", "localhost", "::1")


def unavailable(address: str, waiting: Waiting) -> UnavailableError:
    """The error for a workspace that answered only that it can't serve now."""
    tried = f"{waiting.request}, tried for {waiting.waited} s"
    return UnavailableError(f"The workspace {address} answers {waiting.met} to {tried}")
