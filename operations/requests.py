"""One request to an endpoint and its answer, over plain HTTP as any program would send it."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from operations.errors import OperationError
from operations.outputs import Address

ENDING = "/invocations"
TIMEOUT = 300.0
"""Seconds; a request may run for 297 on Databricks, a cold start included."""


@dataclass(frozen=True)
class Answer:
    """What came back. `served_by` is the served entity that answered, `seconds` how long the caller waited."""

    status: int
    body: Any
    served_by: str
    seconds: float
    retry_after: str = ""

    @property
    def is_good(self) -> bool:
        return self.status == HTTPStatus.OK

    @property
    def reason(self) -> str:
        """Why it was refused, in the service's words."""
        body = self.body
        return str(body.get("message") or body.get("error") or body) if isinstance(body, dict) else str(body)


def requests_in(file: Path) -> list[dict[str, Any]]:
    """The requests of a JSON file: one object, or a list of them. Raises OperationError with the place of a mistake."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise OperationError(f"{file} can't be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise OperationError(f"{file} is not a text in UTF-8") from None
    except json.JSONDecodeError as fault:
        raise OperationError(f"{file}:{fault.lineno}:{fault.colno} is not JSON: {fault.msg}") from None
    requests = found if isinstance(found, list) else [found]
    if not requests or not all(isinstance(request, dict) for request in requests):
        shape = 'as in {"dataframe_records": [{"amount": 12.5}]}, or a list of such objects'
        raise OperationError(f"{file} must hold a request {shape}")
    return requests


def url_of(address: Address, entity: str | None) -> str:
    """The endpoint's address, or that of one served entity behind it, whatever its traffic."""
    if entity is None:
        return address.url
    return f"{address.url.removesuffix(ENDING)}/served-models/{entity}{ENDING}"


def send(url: str, authorization: str, request: dict[str, Any]) -> Answer:
    """Raises OperationError only where nobody answers; a refusal is an answer."""
    message = urllib.request.Request(  # noqa: S310 - the address is the stack's own
        url,
        data=json.dumps(request).encode(),
        headers={"Authorization": authorization, "Content-Type": "application/json"},
    )
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(message, timeout=TIMEOUT) as reply:  # noqa: S310
            return _answer(reply.status, reply.read(), reply.headers, began)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _answer(refusal.code, refusal.read(), refusal.headers, began)
    except (urllib.error.URLError, TimeoutError) as fault:
        reason = getattr(fault, "reason", fault)
        raise OperationError(f"Nobody answers at {url}: {reason}") from None


def refusal_of(answer: Answer, address: Address, who: str) -> str:
    """A sentence on a refused request, with the way out."""
    said = f"{answer.status}: {answer.reason}"
    match answer.status:
        case HTTPStatus.UNAUTHORIZED:
            return f'"{address.key}" does not accept the token of {who} ({said})'
        case HTTPStatus.FORBIDDEN:
            way_out = f"Give it CAN_QUERY under endpoints.{address.key}.permissions and deploy"
            return f'{who} may not query "{address.key}" ({said}). {way_out}'
        case HTTPStatus.NOT_FOUND:
            way_out = "If it was deleted or made again outside of this stack: pulumi up --refresh"
            return f'The workspace does not find "{address.key}" ({said}) {way_out}'
        case HTTPStatus.TOO_MANY_REQUESTS:
            way_out = f"Try again in {answer.retry_after} seconds" if answer.retry_after else "Try again later"
            return f'"{address.key}" is asked too often ({said}). {way_out}'
        case _:
            return f'"{address.key}" refused the request ({said})'


def _answer(status: int, payload: bytes, headers: Any, began: float) -> Answer:
    seconds = time.perf_counter() - began
    text = payload.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return Answer(status, body, headers.get("served-model-name") or "", seconds, headers.get("Retry-After") or "")
