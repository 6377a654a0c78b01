"""A request to replay, with the answer that a caller got, where it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MARK: Final = "model-serving-shadow/"
"""How `client_request_id` of every replayed request begins."""

_STREAMED: Final = "stream"


@dataclass(frozen=True)
class Recorded:
    """A request. `answer` is None where it has to be asked for; both hold callers' data and are never printed."""

    request: Mapping[str, Any] = field(repr=False)
    answer: Any = field(default=None, repr=False)
    milliseconds: float | None = None
    """How long the recorded answer took, without the network."""

    def marked(self, run: str, number: int) -> dict[str, Any]:
        """The request to send: with an id that later runs leave out, and answered in one piece.

        Source: databricks-sdk, `ServingEndpointsAPI.query`: `client_request_id` is recorded in the inference table.
        """
        kept = {name: value for name, value in self.request.items() if name != _STREAMED}
        return kept | {"client_request_id": f"{MARK}{run}/{number}"}


def is_replayed(client_request_id: str | None) -> bool:
    """Whether a shadow run sent the request of that id."""
    return (client_request_id or "").startswith(MARK)
