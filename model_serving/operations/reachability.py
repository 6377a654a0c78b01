"""Whether the workspace answers, asked before anything waits for it: the SDK alone would try for five minutes."""

import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from model_serving.errors import UserError

ANSWER_SECONDS: Final = 20
"""How long the workspace may take to answer; and, where it says that it can't now, to recover."""

_LOST_SECONDS: Final = 2
"""How long a lost or refused connection is tried again."""

_PAUSE_SECONDS: Final = 0.5
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def require_answer(host: str) -> None:
    """Return when the workspace answers. Raises UserError with the address and the way out."""
    address = host if "://" in host else f"https://{host}"
    began = time.monotonic()
    while fault := _fault(address):
        sentence, worth_trying = fault
        if time.monotonic() - began >= worth_trying:
            raise UserError(sentence)
        time.sleep(_PAUSE_SECONDS)


def _fault(address: str) -> tuple[str, float] | None:
    """What is wrong, and for how many seconds that is tried again; None for a workspace that answers."""
    probe = f"{address.rstrip('/')}/.well-known/databricks-config"
    try:
        urllib.request.urlopen(probe, timeout=ANSWER_SECONDS).close()  # noqa: S310  the stack's own address
    except urllib.error.HTTPError as answer:
        answer.close()
        if answer.code not in _BUSY:
            return None
        said = f"{answer.code} ({answer.reason})"
        return f"The workspace {address} answers {said}. Run the command again when it is available", ANSWER_SECONDS
    except (OSError, ValueError, HTTPException) as fault:
        reason = getattr(fault, "reason", fault)
        lost = isinstance(reason, ConnectionError | HTTPException)
        return f"The workspace {address} does not answer: {reason}. {_way_out(address)}", _LOST_SECONDS if lost else 0
    return None


def _way_out(address: str) -> str:
    if urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1"):
        return "Start the embedded workspace in another terminal: make workspace"
    return "Check databricks:host in the stack file, and that this machine can reach it"
