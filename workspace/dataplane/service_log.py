"""The lines that requests add to the service log of an entity: one for each minute with requests, and each error.

The last 100 lines are kept. The service returns the output of its scoring server, which depends on the model.
"""

from typing import Final

from model_serving.workspace.store.database import Json, Store

MOST_LINES: Final = 100
MINUTE: Final = 60

_KIND: Final = "service_log"


def log_request(store: Store, endpoint: Json, entity_name: str, *, status: int, message: str, now: float) -> None:
    """Adds a request to the log, with its message if it got an error."""
    record = _at(store, endpoint, entity_name, now)
    record["requests"] += 1
    if status >= 400:  # noqa: PLR2004 - the first status that is an error
        record["errors"] += 1
        _add(record, now, f"ERROR {status}: {message}")
    store.put(_KIND, _key(endpoint, entity_name), record)


def log_line(store: Store, endpoint: Json, entity_name: str, time: float, text: str) -> None:
    """Adds a line to the log."""
    record = _at(store, endpoint, entity_name, time)
    _add(record, time, text)
    store.put(_KIND, _key(endpoint, entity_name), record)


def request_lines(store: Store, endpoint: Json, entity_name: str, now: float) -> list[tuple[float, str]]:
    """The lines that are kept, each with its time."""
    return [(time, text) for time, text in _at(store, endpoint, entity_name, now)["lines"]]


def _at(store: Store, endpoint: Json, entity_name: str, now: float) -> Json:
    """The log as it is at that time: a minute's line is there from its end on."""
    minute = int(now // MINUTE)
    record = store.get(_KIND, _key(endpoint, entity_name)) or {
        "minute": minute,
        "requests": 0,
        "errors": 0,
        "lines": [],
    }
    if record["minute"] < minute:
        if record["requests"]:
            counts = f"{record['requests']} requests, {record['errors']} of them with an error"
            _add(record, (record["minute"] + 1) * MINUTE, f"Answered {counts}")
        record |= {"minute": minute, "requests": 0, "errors": 0}
    return record


def _add(record: Json, time: float, text: str) -> None:
    record["lines"] = [*record["lines"], [time, text]][-MOST_LINES:]


def _key(endpoint: Json, entity_name: str) -> str:
    return f"{endpoint['id']}/{entity_name}"
