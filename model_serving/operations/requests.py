"""One request to an endpoint and its answer, over plain HTTP as any program would send it."""

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests

from model_serving.errors import UserError
from model_serving.operations.outputs import Address

ENDING = "/invocations"
TIMEOUT = 300.0
"""Seconds; a request may run for 297 on Databricks, a cold start included."""

CONNECT_TIMEOUT = 20.0
"""Seconds until somebody takes the connection."""


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
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)

    @property
    def reason(self) -> str:
        """Why it was refused, in the service's words."""
        body = self.body
        return str(body.get("message") or body.get("error") or body) if isinstance(body, dict) else str(body)


def requests_in(file: Path) -> list[dict[str, Any]]:
    """The requests of a JSON file: one object, or a list of them. Raises UserError with the place of a mistake."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UserError(f"{file} can't be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not a text in UTF-8") from None
    except json.JSONDecodeError as fault:
        raise UserError(f"{file}:{fault.lineno}:{fault.colno} is not JSON: {fault.msg}") from None
    requests = found if isinstance(found, list) else [found]
    if not requests or not all(isinstance(request, dict) for request in requests):
        shape = 'as in {"dataframe_records": [{"amount": 12.5}]}, or a list of such objects'
        raise UserError(f"{file} must hold a request {shape}")
    return requests


def url_of(address: Address, entity: str | None) -> str:
    """The endpoint's address, or that of one served entity behind it, whatever its traffic."""
    if entity is None:
        return address.url
    return f"{address.url.removesuffix(ENDING)}/served-models/{entity}{ENDING}"


def send(url: str, authorization: str, request: dict[str, Any]) -> Answer:
    """Raises UserError only where nobody answers; a refusal is an answer."""

    def sign(message: requests.PreparedRequest) -> requests.PreparedRequest:
        message.headers["Authorization"] = authorization  # as a header alone, an entry in ~/.netrc would replace it
        return message

    headers, payload = {"Content-Type": "application/json"}, json.dumps(request).encode()
    began = time.perf_counter()
    try:
        with requests.post(url, payload, headers=headers, auth=sign, timeout=(CONNECT_TIMEOUT, TIMEOUT)) as reply:
            return _answer(reply, time.perf_counter() - began)
    except requests.RequestException as fault:
        way_out = "Its address comes from the stack's outputs; if the endpoint moved: pulumi up --refresh"
        raise UserError(f"Nobody answers at {url}: {_root(fault)}. {way_out}") from None


def _root(error: BaseException) -> BaseException:
    """What a row of errors began with: `[Errno 111] Connection refused` and not the libraries' words for it."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error


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


def _answer(reply: requests.Response, seconds: float) -> Answer:
    try:
        body = reply.json()
    except ValueError:
        body = reply.content.decode("utf-8", "replace")
    return Answer(
        reply.status_code,
        body,
        reply.headers.get("served-model-name") or "",
        seconds,
        reply.headers.get("Retry-After") or "",
    )
