"""One request as the rules see it, and the answer they give: no web framework below this line."""

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
    """Who asks, what they sent, and what the rules need to answer.

    `path` holds the names in braces of the route, `body` the decoded JSON object, `origin` the scheme, host and port
    that the client used: addresses that the workspace hands out start with it.
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

    def answers(self, switch: str, answer: str) -> bool:
        """Whether that switch stands on that answer."""
        return self.settings.switches[switch] == answer


@dataclass(frozen=True)
class Reply:
    """An answer that is more than `200` with a JSON object; a `str` body is sent as text.

    `delay` is how many seconds it takes to come; the server goes on answering others meanwhile.
    """

    body: Json | str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


Rule: TypeAlias = Callable[[Call], Json | Reply]


def required(body: Mapping[str, Any], *members: str) -> list[str]:
    """The text members of a body that an operation can't do without."""
    return [_text(body, member) for member in members]


def _text(body: Mapping[str, Any], member: str) -> str:
    value = body.get(member)
    if not isinstance(value, str) or not value:
        raise InvalidParameter(f"Missing required field: {member}")
    return value
