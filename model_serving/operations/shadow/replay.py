"""Requests sent at a set rate by several threads: each to the served entity and, where needed, to the endpoint."""

import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Semaphore
from typing import Any, Final

from model_serving.errors import UserError
from model_serving.operations.connection import Connection
from model_serving.operations.shadow.lines import Lines
from model_serving.operations.shadow.recorded import Recorded

_REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
"""Answers that every request would get: they end the run."""

_NO_ANSWER: Final = "no answer"

Progress = Callable[[int, int], None]
"""Called with the number of finished requests and of all."""


@dataclass(frozen=True)
class Side:
    """The answer of one side: `error` is an HTTP status or `no answer`, or empty for a good answer."""

    body: Any = field(default=None, repr=False)
    milliseconds: float | None = None
    error: str = ""
    unreachable: UserError | None = None
    """Why nothing answered."""


@dataclass(frozen=True)
class Exchange:
    """One request with the answers of both sides."""

    live: Side
    shadow: Side


@dataclass(frozen=True)
class Replay:
    """How requests are sent: at most `rate` begin in a second, and `concurrency` run at once."""

    connection: Connection
    entity: str
    rate: float
    concurrency: int
    progress: Progress
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def exchanges(self, requests: Sequence[Recorded]) -> list[Exchange]:
        """Send each request. Raises UserError where the caller is refused or the entity does not exist.

        An exception or an interrupt cancels what has not been sent; requests on their way end first.
        """
        with Lines(self.connection) as lines:
            pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="shadow")
            try:
                return self._gathered(pool, lines, requests)
            finally:
                pool.shutdown(cancel_futures=True)

    def _gathered(self, pool: ThreadPoolExecutor, lines: Lines, requests: Sequence[Recorded]) -> list[Exchange]:
        began, free = time.monotonic(), Semaphore(self.concurrency)
        running: deque[Future[Exchange]] = deque()
        exchanges: list[Exchange] = []

        def collect() -> None:
            exchanges.append(running.popleft().result())
            self.progress(len(exchanges), len(requests))

        for number, recorded in enumerate(requests):
            time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            free.acquire()  # so that a refusal ends the run before the next request
            while running and running[0].done():
                collect()
            running.append(pool.submit(self._exchange, lines, number, recorded))
            running[-1].add_done_callback(lambda _: free.release())
        while running:
            collect()
        return exchanges

    def _exchange(self, lines: Lines, number: int, recorded: Recorded) -> Exchange:
        request = recorded.marked(self.run, number)
        known = recorded.answer is not None
        live = Side(recorded.answer, recorded.milliseconds) if known else _side(lines, request, None)
        return Exchange(live, _side(lines, request, self.entity))


def _side(lines: Lines, request: dict[str, Any], entity: str | None) -> Side:
    try:
        answer = lines.send(request, entity)
    except UserError as error:
        return Side(error=_NO_ANSWER, unreachable=error)
    if answer.status in _REFUSED:
        raise UserError(lines.refusal(answer, entity))
    return Side(answer.body, answer.seconds * 1000) if answer.is_good else Side(error=str(answer.status))
