"""Requests to a forge's API: within a bound for the whole command, and every failure one sentence."""

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from model_serving.errors import UserError

_PAGE_SIZE: Final = 100
_SHOWN: Final = 200
"""Characters of an answer that are shown."""


class ForgeError(UserError):
    """The forge refused a request or can't be reached. The text holds its answer and no credential."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status
        """The status of the answer; 0 where there was none."""


@dataclass(frozen=True)
class Limits:
    """How long to wait for a forge, in seconds."""

    request: float = 10.0
    """For one answer."""
    total: float = 25.0
    """For all answers of one command."""


@dataclass
class Client:
    """Sends requests to one project on a forge."""

    name: str
    """The forge's name in messages."""
    root: str
    """The address of the API."""
    project: str
    """The path of the project below it."""
    token: str
    """The name of the variable that holds the token."""
    headers: Mapping[str, str] = field(repr=False)
    limits: Limits = Limits()
    transport: httpx.BaseTransport | None = None

    def __post_init__(self) -> None:
        # The certificates of the system, as a self-hosted forge needs them. Reading them takes a while.
        self._http = httpx.Client(
            headers={**self.headers, "Accept": "application/json"},
            verify=ssl.create_default_context() if self.root.startswith("https:") else False,
            transport=self.transport,
        )
        self._deadline = time.monotonic() + self.limits.total

    def get(self, path: str, *, of_project: bool = True, **query: str | int) -> Any:
        """The JSON at a path of the project, or of the API. Raises ForgeError."""
        return self._json(self._send("GET", self._address(path, of_project=of_project), params=query))

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page. Raises ForgeError."""
        page = self._send("GET", self._address(path), params={"per_page": _PAGE_SIZE, **query})
        yield from self._json(page)
        while following := page.links.get("next"):
            page = self._send("GET", following["url"])
            yield from self._json(page)

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        """Create or change something. Raises ForgeError."""
        self._send(method, self._address(path), json=body)

    def _address(self, path: str, *, of_project: bool = True) -> str:
        return "/".join(part for part in (self.root.rstrip("/"), self.project if of_project else "", path) if part)

    def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._too_slow(self.limits.total)
        try:
            with self._http.stream(method, url, timeout=min(self.limits.request, left), **options) as answer:
                response = self._complete(answer)
        except httpx.TimeoutException:
            raise self._too_slow(min(self.limits.request, left)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            hint = "Check its address and this machine's network"
            raise ForgeError(f"{self.name} can't be reached at {self.root}: {error}. {hint}") from None
        if not response.is_success:
            raise ForgeError(self._refusal(method, response), response.status_code)
        return response

    def _complete(self, answer: httpx.Response) -> httpx.Response:
        """The answer with its body. A timeout of httpx counts from one part of the body to the next."""
        parts = list[bytes]()
        for part in answer.iter_raw():
            parts.append(part)
            if time.monotonic() > self._deadline:
                raise self._too_slow(self.limits.total)
        body = b"".join(parts)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=answer.request)

    def _json(self, response: httpx.Response) -> Any:
        """The body of an answer. A proxy's page, for example, is none."""
        try:
            return response.json()
        except ValueError:
            what = f"{response.request.url} without JSON: {_one_line(response.text)}"
            raise ForgeError(f"{self.name} answered {what}. Check the address of its API ({self.root})") from None

    def _too_slow(self, seconds: float) -> ForgeError:
        return ForgeError(f"{self.name} at {self.root} did not answer within {seconds:.0f} s. Run this job again later")

    def _refusal(self, method: str, response: httpx.Response) -> str:
        status, said = response.status_code, _one_line(_message(response))
        where = f"{method} {response.request.url.path}"
        if status == HTTPStatus.TOO_MANY_REQUESTS or _limit_is_used_up(response):
            return f"{self.name}'s limit of requests is used up{_until(response)} ({where}). Run this job again then"
        if status == HTTPStatus.UNAUTHORIZED:
            return (
                f"{self.name} rejected the token in {self.token} (401: {said}). It is wrong or expired: set a new one"
            )
        if status == HTTPStatus.FORBIDDEN:
            return f"{self.name} allows this token no {where} (403: {said}). Give {self.token} the permission for it"
        if status == HTTPStatus.NOT_FOUND:
            hint = f"It does not exist, or the token in {self.token} may not see it"
            return f"{self.name} has nothing at {response.request.url.path} (404). {hint}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"{self.name} failed at {where} ({status}: {said}). Run this job again later"
        return f"{self.name} refused {where} ({status}: {said})"


def _message(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return response.text
    return str((body.get("message") or body.get("error")) if isinstance(body, dict) else body)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_SHOWN]


def _limit_is_used_up(response: httpx.Response) -> bool:
    """Whether the hourly limit, or the one for bursts, is used up: GitHub answers both with 403, too."""
    refused = response.status_code == HTTPStatus.FORBIDDEN
    return refused and (response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers)


def _until(response: httpx.Response) -> str:
    """When requests are answered again: a time of day on GitHub, seconds on both."""
    if (reset := response.headers.get("x-ratelimit-reset", "")).isdecimal():
        return f" until {datetime.fromtimestamp(int(reset), UTC):%H:%M} UTC"
    seconds = response.headers.get("retry-after", "")
    return f" for {seconds} s" if seconds.isdecimal() else ""
