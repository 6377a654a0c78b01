"""Endpoints as they are in the workspace now, read with the credentials of the resource's own provider."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies.rules.inputs import UNKNOWN

if TYPE_CHECKING:
    from databricks.sdk.core import ApiClient

RETRY_SECONDS = 20
"""How long a throttled or failing read is tried again before it counts as unreadable."""


@dataclass(frozen=True)
class LiveEndpoint:
    """What a rule may want to know of an endpoint that exists."""

    name: str
    endpoint_id: str
    route_optimized: bool


class UnreadableError(Exception):
    """The workspace did not tell whether the endpoint exists. The text says why."""


def live_endpoint(name: str, provider: Mapping[str, Any]) -> LiveEndpoint | None:
    """The endpoint of that name, or None where there is none.

    `provider` holds the provider's inputs; what it leaves out is looked for as Databricks' tools do, in the
    environment and the configuration profile. Raises UnreadableError. Each endpoint is read once a run.
    """
    settings = tuple(sorted((_snake(key), value) for key, value in provider.items() if isinstance(value, str)))
    if any(value is UNKNOWN for value in provider.values()):
        raise UnreadableError("the provider's own settings are not known yet")
    return _read(name, settings)


@functools.cache
def _read(name: str, settings: tuple[tuple[str, str], ...]) -> LiveEndpoint | None:
    from databricks.sdk.errors import NotFound  # noqa: PLC0415  importing the SDK takes longer than starting the pack

    try:
        found = _client(settings).do("GET", f"/api/2.0/serving-endpoints/{name}")
    except NotFound:
        return None
    except (
        OSError,
        ValueError,
        TimeoutError,
    ) as error:
        raise UnreadableError(_one_line(error)) from error
    assert isinstance(found, dict), "The API answers with a map"
    return LiveEndpoint(name, str(found.get("id", "")), bool(found.get("route_optimized")))


@functools.cache
def _client(settings: tuple[tuple[str, str], ...]) -> "ApiClient":
    from databricks.sdk.core import ApiClient, Config  # noqa: PLC0415  see _read

    known = {attribute.name for attribute in Config.attributes()}
    chosen: dict[str, Any] = {name: value for name, value in settings if name in known}
    return ApiClient(Config(retry_timeout_seconds=RETRY_SECONDS, **chosen))


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
