"""The URL for requests to an endpoint, or none: never a URL that rejects them.

A route-optimized endpoint has its own URL and rejects requests at the workspace's. The workspace may not have that URL
when the endpoint is ready, and the provider does not read it again, so it is read here.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import POLL_SECONDS, endpoint_path

_WAIT_SECONDS: Final = 60


async def endpoint_url(
    name: str, *, route_optimized: bool, own_url: str | None, host: str | None, settings: Mapping[str, Any]
) -> str | None:
    """The URL for requests; None, with a warning, if a route-optimized endpoint has none yet.

    `own_url` is the URL that the provider read, `settings` are the provider's.
    """
    if own_url:
        return own_url
    if not route_optimized:
        return f"{str(host or '').rstrip('/')}/serving-endpoints/{name}/invocations"
    try:
        url = await _wait_for_url(settings, name)
        reason = "The workspace does not have it yet"
    except WorkspaceError as error:
        url, reason = None, str(error)
    if url is None:
        pulumi.log.warn(
            f'The URL of route-optimized endpoint "{name}" is not known. {reason}.'
            " The output `url` has no value until it is: run `pulumi up` again later"
        )
    return url


async def _wait_for_url(settings: Mapping[str, Any], name: str) -> str | None:
    """Read once in a preview, and for a minute at most in `up`."""
    deadline = time.monotonic() + (0 if pulumi.runtime.is_dry_run() else _WAIT_SECONDS)
    while True:
        url = await in_thread(_read, settings, name)
        if url or time.monotonic() >= deadline:
            return url
        pulumi.log.info(f'Waiting for the URL of endpoint "{name}", {_WAIT_SECONDS} s at most', ephemeral=True)
        await asyncio.sleep(POLL_SECONDS)


def _read(settings: Mapping[str, Any], name: str) -> str | None:
    return (connect(settings).find(endpoint_path(name)) or {}).get("endpoint_url") or None
