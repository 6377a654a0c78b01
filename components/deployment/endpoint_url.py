"""Where requests to an endpoint are sent: never an address that would refuse them.

A route-optimized endpoint has a URL of its own and refuses requests at the workspace's. The workspace may not have that
URL yet when the endpoint is ready, and the provider doesn't ask again: so it is asked for here.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.deployment.failure_report import place
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import WorkspaceError, connect

_WAIT_SECONDS: Final = 60
"""How long the workspace is asked for a URL that it doesn't have yet."""

_POLL_SECONDS: Final = 2


@dataclass(frozen=True)
class Known:
    """What is known of an endpoint once it is there. `settings` are those of the provider that it was given."""

    name: str
    route_optimized: bool
    own_url: str | None
    host: str | None
    settings: Mapping[str, Any]


async def address(known: Known) -> str | None:
    """The URL for requests; None, with a warning, where the workspace has none yet."""
    if known.own_url:
        return known.own_url
    if not known.route_optimized:
        return f"{str(known.host or '').rstrip('/')}/serving-endpoints/{known.name}/invocations"
    try:
        url = await _asked(known)
        reason = "The workspace doesn't have it yet"
    except WorkspaceError as error:
        url, reason = None, str(error)
    if url is None:
        pulumi.log.warn(_UNKNOWN.format(name=known.name, reason=reason))
    return url


_UNKNOWN: Final = (
    'The URL of route-optimized endpoint "{name}" is not known. {reason}.'
    " The output `url` has no value until it is: run `pulumi up` again later"
)


async def _asked(known: Known) -> str | None:
    """Ask once in a preview, and for a minute at most in an `up`."""
    deadline = time.monotonic() + (0 if pulumi.runtime.is_dry_run() else _WAIT_SECONDS)
    while True:
        url = await in_thread(_read, known)
        if url or time.monotonic() >= deadline:
            return url
        pulumi.log.info(f'Waiting for the URL of endpoint "{known.name}", {_WAIT_SECONDS} s at most', ephemeral=True)
        await asyncio.sleep(_POLL_SECONDS)


def _read(known: Known) -> str | None:
    found = connect(known.settings).find(place(known.name)) or {}
    return found.get("endpoint_url") or None
