"""A caller that asks an endpoint at whatever address the stack's outputs give, before, during and after deployments.

It reads the outputs from the state's file as often as it asks, so it moves when a deployment ends, and not earlier.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.support.calls import PAYMENT, oauth_token
from tests.support.sandbox import Sandbox

_TIMEOUT: Final = 30.0
_CREDENTIALS: Final = "caller.json"


@dataclass(frozen=True)
class Request:
    """One request: to which endpoint, when it was answered, and how. Status 0 is a lost connection."""

    endpoint: str
    time: float
    status: int


@dataclass
class Caller:
    """Asks until it is stopped; also looks whether any endpoint of the family is READY."""

    sandbox: Sandbox
    key: str
    rate: float
    """Requests a second."""
    family: tuple[str, ...]
    """Names in the workspace; one of them at least must be READY at any time."""
    requests: list[Request] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    """What the workspace said at each moment at which none of the family was READY."""
    looks: int = 0
    problems: list[str] = field(default_factory=list)
    """Why there was no request."""
    _ended: threading.Event = field(default_factory=threading.Event)
    _tokens: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Ask at the rate, until stopped."""
        client = json.loads((self.sandbox.folder / _CREDENTIALS).read_text(encoding="utf-8"))
        address: Mapping[str, Any] | None = None
        while not self._ended.wait(1 / self.rate):
            address = _address(self.sandbox, self.key) or address
            if address is None:
                self.problems.append("The state has no address")
                continue
            token = self._tokens.get(address["id"])
            if token is None:
                only = address["id"] if address["route_optimized"] else None
                made = oauth_token(self.sandbox.workspace.url, client["id"], client["secret"], only)
                token = self._tokens[address["id"]] = made.access_token
            self.requests.append(Request(address["name"], time.monotonic(), _status(address["url"], token)))

    def look(self) -> None:
        """Look at the states of the family, until stopped."""
        while not self._ended.wait(0.05):
            overview = self.sandbox.workspace.get("/_workspace/overview")["endpoints"]
            states = {each["name"]: each["ready"] for each in overview if each["name"] in self.family}
            self.looks += 1
            if "READY" not in states.values():
                self.unready.append(str(states))

    def wait(self, requests: int = 10) -> None:
        """Wait for so many more requests."""
        enough, deadline = len(self.requests) + requests, time.monotonic() + _TIMEOUT
        while len(self.requests) < enough:
            assert time.monotonic() < deadline, f"Nobody asks any more: {self.problems[-1:]}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Send no more."""
        self._ended.set()

    @property
    def failed(self) -> list[Request]:
        """The requests that were not answered with 200."""
        return [each for each in self.requests if each.status != http.client.OK]

    def asked(self) -> list[str]:
        """The endpoints that were asked, each change of them once."""
        names: list[str] = []
        for each in list(self.requests):
            if names[-1:] != [each.endpoint]:
                names.append(each.endpoint)
        return names


def remember_caller(sandbox: Sandbox, principal: str = "checkout") -> None:
    """Write the credentials of a service principal of the stack beside the project, for copies of the sandbox."""
    client = sandbox.outputs()["service_principals"][principal]
    written = {"id": client["application_id"], "secret": client["client_secret"]}
    (sandbox.folder / _CREDENTIALS).write_text(json.dumps(written), encoding="utf-8")


@contextmanager
def followed_address(sandbox: Sandbox, key: str, family: tuple[str, ...], rate: float = 20.0) -> Iterator[Caller]:
    """Ask the endpoint of that key until the end of the block. `remember_caller` comes first."""
    caller = Caller(sandbox, key, rate, family)
    threads = [threading.Thread(target=each, daemon=True) for each in (caller.run, caller.look)]
    for thread in threads:
        thread.start()
    try:
        yield caller
    finally:
        caller.stop()
        for thread in threads:
            thread.join(_TIMEOUT)


def state_file(sandbox: Sandbox) -> Path:
    """The file of the stack's state."""
    folder = Path(urlsplit(sandbox.environment["PULUMI_BACKEND_URL"]).path)
    return next(folder.rglob("stacks/**/local.json"))


def _address(sandbox: Sandbox, key: str) -> Mapping[str, Any] | None:
    """The endpoint in the outputs; None while the file is being written."""
    try:
        state = json.loads(state_file(sandbox).read_text(encoding="utf-8"))
        stack = next(
            each for each in state["checkpoint"]["latest"]["resources"] if each["type"] == "pulumi:pulumi:Stack"
        )
        found: Mapping[str, Any] = stack["outputs"]["endpoints"][key]
    except (OSError, ValueError, KeyError, StopIteration, TypeError):
        return None
    return found if found.get("url") else None


def _status(url: str, token: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", parts.path, json.dumps(PAYMENT), headers)
        with connection.getresponse() as answer:
            answer.read()
            return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
