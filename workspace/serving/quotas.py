"""Quotas of a workspace: how many endpoints it holds, and how often they may be changed.

Source of the numbers: product documentation, model serving limits. Status and texts of the refusals are ours.
"""

import math

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import InvalidParameter, TooManyRequests


def refuse_one_too_many(call: Call) -> None:
    """Raises InvalidParameter where the workspace is full."""
    most = call.settings.limits.endpoints
    if call.store.size("endpoint") >= most:
        raise InvalidParameter(f"The workspace has reached its limit of {most} serving endpoints.")


def count_change(call: Call) -> None:
    """Counts a create or a config update. Raises TooManyRequests with the time until there is room for one more."""
    limits, now = call.settings.limits, call.clock.now()
    record = call.store.get("workspace", "changes") or {"times": []}
    recent = [time for time in record["times"] if time > now - limits.window]
    if len(recent) >= limits.changes:
        wait = math.ceil(recent[len(recent) - limits.changes] + limits.window - now)
        raise TooManyRequests(
            f"Exceeded the limit of {limits.changes} endpoint creations and updates in {limits.window} seconds."
            f" Try again in {wait} seconds.",
            wait,
        )
    call.store.put("workspace", "changes", {"times": [*recent, now]})
