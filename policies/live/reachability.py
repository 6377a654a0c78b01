"""Whether a provider's workspace answers, before the provider is configured: it would wait there without an end."""

import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final

from model_serving.policies.live.client import Credentials
from model_serving.policies.live.endpoints import UnreadableError

_LOST_SECONDS: Final = 2
"""How long a lost or refused connection is tried again."""

_PAUSE_SECONDS: Final = 0.5
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def require_answer(credentials: Credentials, seconds: int) -> None:
    """Return when the workspace of these credentials answers, and where nobody knows which it is.

    Raises UnreadableError after `seconds` at most; sooner where nobody listens.
    """
    host = _host(credentials)
    if host is None:
        return
    began = time.monotonic()
    while fault := _fault(host, seconds):
        reason, worth_trying = fault
        if time.monotonic() - began >= worth_trying:
            raise UnreadableError(f"The workspace {host} {reason}", lasting=True)
        time.sleep(_PAUSE_SECONDS)


class _HostKnown(Exception):  # noqa: N818  no error: it ends the SDK's search
    """Raised as soon as the SDK knows the host, before its first request."""


def _host(credentials: Credentials) -> str | None:
    """The workspace's address, from the provider's inputs, the environment or the configuration profile."""
    from databricks.sdk.core import Config  # noqa: PLC0415  see client.warm_up

    known: list[str | None] = []

    class Search(Config):
        def _resolve_host_metadata(self) -> None:
            known.append(self.host)
            raise _HostKnown

    try:
        Search(**credentials.texts())
    except _HostKnown:
        return known[0]
    except ValueError:
        pass  # the provider explains what is wrong with its settings
    return None


def _fault(host: str, seconds: int) -> tuple[str, float] | None:
    """What is wrong, and for how many seconds that is tried again; None for a workspace that answers."""
    try:
        urllib.request.urlopen(f"{host}/.well-known/databricks-config", timeout=seconds).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        answer.close()
        return (f"answers {answer.code} ({answer.reason})", seconds) if answer.code in _BUSY else None
    except (OSError, ValueError, HTTPException) as fault:
        reason: Any = getattr(fault, "reason", fault)
        lost = isinstance(reason, ConnectionError | HTTPException)
        return f"does not answer: {reason}", _LOST_SECONDS if lost else 0
    return None
