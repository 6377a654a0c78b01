"""Quotas of a workspace and their enforcement. `python -m workspace --limit NAME=NUMBER` changes one.

Source of the numbers: product documentation, model serving limits. Statuses and messages are ours.
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Final

from model_serving.workspace.http.errors import InvalidParameter, TooManyRequests
from model_serving.workspace.store.database import Json, Store

MOST_OF_SIZE: Final = {"Small": 4, "Medium": 16, "Large": 64}


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
    entity_concurrency: int = 1024
    """Provisioned concurrency of one served entity."""
    workspace_concurrency: int = 4096
    """Provisioned concurrency of all endpoints together."""


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


def reserve_concurrency(store: Store, limits: Limits, name: str, config: Json) -> None:
    """Raises InvalidParameter if the endpoint's config would exceed the provisioned concurrency of the workspace."""
    record = store.get("workspace", "concurrency") or {"endpoints": {}}
    reserved = record["endpoints"] | {name: sum(map(_most, config["served_entities"]))}
    if (total := sum(reserved.values())) > limits.workspace_concurrency:
        raise InvalidParameter(
            f"The workspace has reached its limit of {limits.workspace_concurrency} provisioned concurrency: with this"
            f" endpoint it would be {total}."
        )
    store.put("workspace", "concurrency", {"endpoints": reserved})


def release_concurrency(store: Store, name: str) -> None:
    """Frees what a deleted endpoint had reserved."""
    if record := store.get("workspace", "concurrency"):
        rest = {each: number for each, number in record["endpoints"].items() if each != name}
        store.put("workspace", "concurrency", {"endpoints": rest})


def _most(entity: Json) -> int:
    """The most concurrent requests of an entity. Source: REST reference, `workload_size`."""
    return entity.get("max_provisioned_concurrency") or MOST_OF_SIZE.get(entity.get("workload_size", ""), 0)


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
