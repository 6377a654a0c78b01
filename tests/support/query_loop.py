"""Requests to an endpoint at a steady rate, before, during and after what a test does to it."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support.calls import PAYMENT, oauth_token
from tests.support.sandbox import Sandbox

_WORKERS = 4
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Asked:
    """One request: when it was answered, by the clock of `time.monotonic`, and how. Status 0 is a lost connection."""

    time: float
    status: int
    served_by: str


@dataclass
class QueryLoop:
    """Requests to one URL, until it is stopped."""

    url: str
    token: str
    rate: float
    """Requests a second."""
    answers: list[Asked] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        """Send this worker's part of the requests."""
        parts = urlsplit(self.url)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body, pause = json.dumps(PAYMENT), _WORKERS / self.rate
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
        due = time.monotonic() + pause * number / _WORKERS
        while not self._ended.wait(max(due - time.monotonic(), 0)):
            due = max(due + pause, time.monotonic() - pause)
            try:
                connection.request("POST", parts.path, body, headers)
                with connection.getresponse() as answer:
                    answer.read()
                    asked = Asked(time.monotonic(), answer.status, answer.getheader("served-model-name") or "")
            except (OSError, http.client.HTTPException):
                connection.close()
                asked = Asked(time.monotonic(), 0, "")
            self.answers.append(asked)
        connection.close()

    def stop(self) -> None:
        """Send no more."""
        self._ended.set()

    def served(self, since: float = 0.0) -> Counter[str]:
        """How many requests each served entity has answered."""
        return Counter(each.served_by for each in list(self.answers) if each.time >= since)

    @property
    def statuses(self) -> Counter[int]:
        """How many requests got each status."""
        return Counter(each.status for each in list(self.answers))

    def share(self, entity: str) -> float:
        """The fraction of all requests so far that an entity answered."""
        served = self.served()
        return served[entity] / max(sum(served.values()), 1)

    def wait(self, seconds: float) -> None:
        """Let it run for so long."""
        time.sleep(seconds)


@contextmanager
def query_loop(sandbox: Sandbox, endpoint: str, rate: float = 40.0, caller: str = "checkout") -> Iterator[QueryLoop]:
    """Query a deployed endpoint at a rate, as a service principal of the stack, until the end of the block."""
    outputs: dict[str, Any] = sandbox.outputs()
    target, client = outputs["endpoints"][endpoint], outputs["service_principals"][caller]
    token = oauth_token(sandbox.workspace.url, client["application_id"], client["client_secret"], target["id"])
    loop = QueryLoop(target["url"], token.access_token, rate)
    workers = [threading.Thread(target=loop.run, args=(number,), daemon=True) for number in range(_WORKERS)]
    for worker in workers:
        worker.start()
    try:
        yield loop
    finally:
        loop.stop()
        for worker in workers:
            worker.join(_TIMEOUT)
