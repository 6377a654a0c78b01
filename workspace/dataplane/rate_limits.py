"""Enforcement of the rate limits of an endpoint's AI gateway, and of its deprecated own ones.

A limit is a number of `calls` a minute for the endpoint as a whole, for each user, or for a user group or service
principal. Limits in tokens are stored, not enforced. Source: REST reference, put AI gateway. The message is ours.
"""

import math
from collections.abc import Iterator
from typing import Final

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import TooManyRequests
from model_serving.workspace.store.database import Json

MINUTE: Final = 60


def count_query(call: Call, endpoint: Json) -> None:
    """Counts a query against every limit that applies to it. Raises TooManyRequests if one is exhausted."""
    now = call.clock.now()
    minute = int(now // MINUTE)
    record = call.store.get("rates", endpoint["id"]) or {"minute": minute, "calls": {}}
    calls = record["calls"] if record["minute"] == minute else {}
    for counter, limit in _limits(call, endpoint):
        if calls.get(counter, 0) >= limit["calls"]:
            wait = math.ceil((minute + 1) * MINUTE - now)
            raise TooManyRequests(
                f"Exceeded the rate limit of {limit['calls']} calls per minute ({limit.get('key', 'endpoint')}) on"
                f" Endpoint {endpoint['name']}. Try again in {wait} seconds.",
                wait,
            )
        calls[counter] = calls.get(counter, 0) + 1
    if calls:
        call.store.put("rates", endpoint["id"], {"minute": minute, "calls": calls})


def _limits(call: Call, endpoint: Json) -> Iterator[tuple[str, Json]]:
    """The limits that apply to the caller, each with the key of its counter."""
    gateway = endpoint.get("ai_gateway") or {}
    limits = [*(gateway.get("rate_limits") or []), *(endpoint.get("rate_limits") or [])]
    for number, limit in enumerate(limits):
        if not isinstance(limit.get("calls"), int):
            continue
        key, named = limit.get("key", "endpoint"), limit.get("principal")
        if key == "endpoint" or (named and named in call.caller.names):
            yield f"{number}", limit
        elif key == "user" and not named:
            yield f"{number}/{call.caller.name}", limit
