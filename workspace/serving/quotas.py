"""Quotas of a workspace and their enforcement. `python -m workspace --limit NAME=NUMBER` changes one.

Source of the numbers: product documentation, model serving limits. Statuses and messages are ours.
"""

import math
from dataclasses import dataclass, fields, replace

from model_serving.workspace.http.errors import InvalidParameter, TooManyRequests
from model_serving.workspace.store.database import Store


class LimitError(Exception):
    """An unknown limit, or a value that is not a number."""


@dataclass(frozen=True)
class Limits:
    """Counts, except for `window`, which is in seconds."""

    endpoints: int = 1000
    changes: int = 50
    """Creates and config updates in any `window`."""
    window: int = 300
    entities: int = 15
    """Served entities of one endpoint. The documentation's text still says 10."""
    environment_vars: int = 30
    """Environment variables of one served entity."""


def parse_limits(choices: list[str]) -> Limits:
    """The default limits with changes of the form `NAME=NUMBER`. Raises LimitError."""
    names = [each.name for each in fields(Limits)]
    limits = Limits()
    for choice in choices:
        name, _, number = choice.partition("=")
        if name not in names:
            raise LimitError(f"Unknown limit '{name}', allowed: {', '.join(names)}")
        if not number.isdigit():
            raise LimitError(f"Limit '{name}' must be a whole number, found '{number}'")
        limits = replace(limits, **{name: int(number)})
    return limits


def require_room(store: Store, limits: Limits) -> None:
    """Raises InvalidParameter if the workspace has its maximum number of endpoints."""
    if store.size("endpoint") >= limits.endpoints:
        raise InvalidParameter(f"The workspace has reached its limit of {limits.endpoints} serving endpoints.")


def count_change(store: Store, limits: Limits, now: float) -> None:
    """Counts a create or a config update. Raises TooManyRequests with the time until the next one is allowed."""
    record = store.get("workspace", "changes") or {"times": []}
    recent = [time for time in record["times"] if time > now - limits.window]
    if len(recent) >= limits.changes:
        wait = math.ceil(recent[len(recent) - limits.changes] + limits.window - now)
        raise TooManyRequests(
            f"Exceeded the limit of {limits.changes} endpoint creations and updates in {limits.window} seconds."
            f" Try again in {wait} seconds.",
            wait,
        )
    store.put("workspace", "changes", {"times": [*recent, now]})
