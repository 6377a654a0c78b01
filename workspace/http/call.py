"""A request as rules get it, and their response. Rules do not depend on the web framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from model_serving.workspace.http.errors import InvalidParameter
from model_serving.workspace.identity.principals import Principal
from model_serving.workspace.identity.tokens import Access
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store


@dataclass(frozen=True)
class Call:
    """An authenticated request, with the workspace that it is for.

    `path` has the parameters of the route, `body` is the decoded JSON object, and `origin` is the scheme, host and port
    that the client used, for URLs in responses.
    """

    store: Store
    clock: Clock
    settings: Settings
    access: Access
    origin: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)

    @property
    def caller(self) -> Principal:
        return self.access.principal

    def switch(self, name: str) -> str:
        """The chosen answer of a switch."""
        return self.settings.switches[name]


@dataclass(frozen=True)
class Reply:
    """A response other than `200` with a JSON object; a `str` body is sent as text.

    `delay` is in seconds and does not block other requests.
    """

    body: Json | str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass(frozen=True)
class Later:
    """A response that takes computing.

    `compute` runs in a thread, does not use the database, and raises nothing; `finish` makes the reply of what it
    returned, in a transaction of its own.
    """

    compute: Callable[[], Any]
    finish: Callable[[Any], Reply]


Rule: TypeAlias = Callable[[Call], Json | Reply | Later]


def required(body: Mapping[str, Any], *members: str) -> list[str]:
    """The values of required text members. Raises InvalidParameter for the first that is missing or empty."""
    for member in members:
        if not isinstance(body.get(member), str) or not body[member]:
            raise InvalidParameter(f"Missing required field: {member}")
    return [body[member] for member in members]
