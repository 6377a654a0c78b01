"""The connections of a replay: one kept open for each thread, and a token that is renewed before it expires."""

import threading
import time
from typing import Any, Final, Self

import requests

from model_serving.operations.connection import Connection
from model_serving.operations.requests import Answer

RENEW_AFTER: Final = 45 * 60.0
"""Seconds. A token lives for an hour; its last request may take five minutes."""


class Lines:
    """What the threads of a replay send their requests through."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._issued = time.monotonic()
        self._renewing = threading.Lock()
        self._of_thread = threading.local()
        self._sessions: list[requests.Session] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions:
            session.close()

    def send(self, request: dict[str, Any], entity: str | None) -> Answer:
        """The answer to a request. Raises UserError where nothing answers, or no token is issued."""
        with self._renewing:
            if time.monotonic() - self._issued >= RENEW_AFTER:
                self._connection, self._issued = self._connection.renewed(), time.monotonic()
            connection = self._connection
        return connection.send(request, entity, self._session())

    def refusal(self, answer: Answer, entity: str | None) -> str:
        """The message for a refused request."""
        return self._connection.refusal(answer, entity)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
            self._sessions.append(session)
        return session
