"""What each served entity answered: requests, errors and latencies, of the current interval, the last, and in total.

One record for each entity, however many requests it answers. The service's bounds of the histogram are from 5 to
600,000 ms; those in between are ours. Source: an output of the service, quoted in a public repository.
"""

from bisect import bisect_left
from typing import Final

from model_serving.workspace.settings import Settings
from model_serving.workspace.store.database import Json, Store

BOUNDS_MS: Final = (
    *(5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 2000, 3000, 5000),
    *(10_000, 30_000, 60_000, 120_000, 300_000, 600_000),
)
"""Upper bounds of the histogram's buckets; what is slower is in one more bucket without a bound."""

_KIND: Final = "request_counts"
_ERRORS: Final = {4: "4xx", 5: "5xx"}


def count_request(
    store: Store, settings: Settings, endpoint: Json, entity_name: str, *, status: int, milliseconds: float, now: float
) -> None:
    """Counts a request that an entity answered."""
    record = _at(store, settings, endpoint, entity_name, now)
    for counts in (record["current"], record["total"]):
        counts["requests"] += 1
        counts["milliseconds"] += milliseconds
        counts["buckets"][bisect_left(BOUNDS_MS, milliseconds)] += 1
        if error := _ERRORS.get(status // 100):
            counts[error] += 1
    store.put(_KIND, _key(endpoint, entity_name), record)


def last_interval(store: Store, settings: Settings, endpoint: Json, entity_name: str, now: float) -> Json:
    """What the entity answered in the last full interval."""
    return dict(_at(store, settings, endpoint, entity_name, now)["last"])


def total(store: Store, endpoint: Json, entity_name: str) -> Json:
    """What the entity answered since the endpoint was created: `requests`, `4xx`, `5xx`, `milliseconds`, `buckets`."""
    record = store.get(_KIND, _key(endpoint, entity_name))
    return dict(record["total"]) if record else _nothing()


def answered(store: Store, endpoint: Json, entity_name: str) -> int:
    """The number of requests that the entity answered without an error."""
    counts = total(store, endpoint, entity_name)
    return int(counts["requests"] - counts["4xx"] - counts["5xx"])


def interval_of(settings: Settings, now: float) -> int:
    """The number of the interval that a time is in. Without intervals all requests are in one."""
    return int(now // settings.metrics_interval) if settings.metrics_interval else 0


def _at(store: Store, settings: Settings, endpoint: Json, entity_name: str, now: float) -> Json:
    """The record as it is at that time."""
    interval = interval_of(settings, now)
    record = store.get(_KIND, _key(endpoint, entity_name)) or {
        "interval": interval,
        "current": _nothing(),
        "last": _nothing(),
        "total": _nothing(),
    }
    if (passed := interval - record["interval"]) > 0:
        last = record["current"] if passed == 1 else _nothing()
        record |= {"interval": interval, "current": _nothing(), "last": last}
    return record


def _nothing() -> Json:
    return {"requests": 0, "4xx": 0, "5xx": 0, "milliseconds": 0.0, "buckets": [0] * (len(BOUNDS_MS) + 1)}


def _key(endpoint: Json, entity_name: str) -> str:
    return f"{endpoint['id']}/{entity_name}"
