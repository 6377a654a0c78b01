"""A request to an endpoint and its answer, over plain HTTP as any program sends it.

`requests` is what databricks-sdk gets its tokens with: both trust the same certificates (REQUESTS_CA_BUNDLE).
"""

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests

from model_serving.databricks.errors import root_cause
from model_serving.errors import UserError
from model_serving.operations.outputs import Address

_INVOCATIONS: Final = "/invocations"
_STOPPED: Final = "endpoint is stopped"
"""A part of the message with which a stopped endpoint refuses a query. Source: users' captures of 2026."""

_TIMEOUTS: Final = (20.0, 300.0)
"""Seconds to connect and to answer. A request may run for 297 on Databricks, a cold start included."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request. `served_by` is the served entity that gave it, `seconds` how long the caller waited."""

    status: int
    body: Any
    served_by: str
    seconds: float
    retry_after: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the request was carried out."""
        return self.status == HTTPStatus.OK

    @property
    def milliseconds(self) -> int:
        """How long the caller waited."""
        return round(self.seconds * 1000)

    @property
    def reason(self) -> str:
        """The service's message about a refused request."""
        body = self.body
        return str(body.get("message") or body.get("error") or body) if isinstance(body, dict) else str(body)


def requests_from(data: str) -> list[dict[str, Any]]:
    """The requests of a JSON text, which begins with { or [, or of a JSON file. Raises UserError."""
    return _requests(data, "--data") if data.lstrip().startswith(("{", "[")) else requests_in(Path(data))


def declared_requests(name: str) -> list[dict[str, Any]]:
    """The requests of a file that a stack file names. Raises UserError.

    It is below `stacks/`, links followed: its content is sent, and a job has files that nobody may send.
    """
    folder = Path("stacks")
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{folder / name} is outside of the folder {folder}/: it is not sent. Copy the requests there")
    return requests_in(folder / name)


def requests_in(file: Path) -> list[dict[str, Any]]:
    """The requests of a JSON file: one object, or a list of them. Raises UserError with the place of a mistake."""
    try:
        return _requests(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        raise UserError(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not a text in UTF-8") from None


def _requests(text: str, source: str) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{source}:{error.lineno}:{error.colno} is not JSON: {error.msg}") from None
    listed = content if isinstance(content, list) else [content]
    if not listed or not all(isinstance(request, dict) for request in listed):
        shape = 'as in {"dataframe_records": [{"amount": 12.5}]}, or a list of such objects'
        raise UserError(f"{source} must hold a request {shape}")
    return listed


def url_of(address: Address, entity: str | None) -> str:
    """The URL of an endpoint, or of one served entity behind it, whatever its traffic."""
    if entity is None:
        return address.url
    return f"{address.url.removesuffix(_INVOCATIONS)}/served-models/{entity}{_INVOCATIONS}"


def send(url: str, authorization: str, request: dict[str, Any], http: requests.Session | None = None) -> Answer:
    """The answer to a request. Raises UserError only where nothing answers; a refusal is an answer.

    A session keeps its connection open: only the first request waits for it. One thread at a time may use it.
    """

    def authorize(message: requests.PreparedRequest) -> requests.PreparedRequest:
        message.headers["Authorization"] = authorization  # as a header alone, an entry in ~/.netrc would replace it
        return message

    headers, body = {"Content-Type": "application/json"}, json.dumps(request).encode()
    began = time.perf_counter()
    try:
        post = http.post if http else requests.post
        with post(url, body, headers=headers, auth=authorize, timeout=_TIMEOUTS) as response:
            return _answer(response, time.perf_counter() - began)
    except requests.RequestException as error:
        hint = "Its address comes from the stack's outputs; if the endpoint moved: pulumi up --refresh"
        raise UserError(f"{url} does not answer: {root_cause(error)}. {hint}") from None


def _answer(response: requests.Response, seconds: float) -> Answer:
    try:
        body = response.json()
    except ValueError:
        body = response.content.decode("utf-8", "replace")
    headers = response.headers
    served_by, retry_after = headers.get("served-model-name", ""), headers.get("Retry-After", "")
    return Answer(response.status_code, body, served_by, seconds, retry_after)


def refusal_of(answer: Answer, address: Address, caller: str, stack: str) -> str:
    """The message for a refused request to an endpoint of that stack."""
    reason = f"{answer.status}: {answer.reason}"
    match answer.status:
        case HTTPStatus.BAD_REQUEST if _STOPPED in answer.reason:
            hint = f"To start it, which takes minutes: model-serving start {address.key} --stack {stack}"
            return f'"{address.key}" is stopped ({reason.rstrip(".")}). {hint}'
        case HTTPStatus.UNAUTHORIZED:
            return f'"{address.key}" does not accept the token of {caller} ({reason})'
        case HTTPStatus.FORBIDDEN:
            hint = f"Give it CAN_QUERY under endpoints.{address.key}.permissions and deploy"
            return f'{caller} may not query "{address.key}" ({reason}). {hint}'
        case HTTPStatus.NOT_FOUND:
            hint = "If it was deleted or recreated outside of this stack: pulumi up --refresh"
            return f'The workspace does not find "{address.key}" ({reason}) {hint}'
        case HTTPStatus.TOO_MANY_REQUESTS:
            hint = f"Try again in {answer.retry_after} seconds" if answer.retry_after else "Try again later"
            return f'"{address.key}" gets too many requests ({reason}). {hint}'
        case _:
            return f'"{address.key}" refused the request ({reason})'
