"""The lines that requests add to the service log of an entity: one for each minute with requests, and each error.

The last 100 lines are kept. The service returns the output of its scoring server, which depends on the model.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from model_serving.workspace.store.database import Json, Store

MOST_LINES: Final = 100
MINUTE: Final = 60

_MINUTES: Final = "service_log_minute"
_LINES: Final = "service_log"


def log_request(store: Store, endpoint: Json, entity_name: str, *, status: int, message: str, now: float) -> None:
    """Adds a request to the log, with its message if it got an error."""
    key, minute = _key(endpoint, entity_name), int(now // MINUTE)
    counts = store.get(_MINUTES, key)
    if counts is None or counts["minute"] < minute:
        _add(store, key, _line_of(counts, minute))
        counts = {"minute": minute, "requests": 0, "errors": 0}
    is_error = status >= HTTPStatus.BAD_REQUEST
    store.put(_MINUTES, key, counts | {"requests": counts["requests"] + 1, "errors": counts["errors"] + is_error})
    if is_error:
        _add(store, key, [(now, f"ERROR {status}: {message}")])


def log_line(store: Store, endpoint: Json, entity_name: str, time: float, text: str) -> None:
    """Adds a line to the log."""
    _add(store, _key(endpoint, entity_name), [(time, text)])


def request_lines(store: Store, endpoint: Json, entity_name: str, now: float) -> list[tuple[float, str]]:
    """The lines that are kept, each with its time."""
    key = _key(endpoint, entity_name)
    kept = (store.get(_LINES, key) or {"lines": []})["lines"]
    return [(time, text) for time, text in kept] + _line_of(store.get(_MINUTES, key), int(now // MINUTE))


def _line_of(counts: Json | None, minute: int) -> list[tuple[float, str]]:
    """The line of a minute that has ended, if there were requests."""
    if counts is None or counts["minute"] >= minute:
        return []
    text = f"Answered {counts['requests']} requests, {counts['errors']} of them with an error"
    return [((counts["minute"] + 1) * MINUTE, text)]


def _add(store: Store, key: str, lines: Sequence[tuple[float, str]]) -> None:
    if lines:
        kept = (store.get(_LINES, key) or {"lines": []})["lines"]
        store.put(_LINES, key, {"lines": [*kept, *lines][-MOST_LINES:]})


def _key(endpoint: Json, entity_name: str) -> str:
    return f"{endpoint['id']}/{entity_name}"
