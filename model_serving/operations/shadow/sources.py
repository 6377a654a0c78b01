"""The requests of a shadow run: from a file, or from the endpoint's inference table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_serving.operations.requests import requests_from
from model_serving.operations.shadow.recorded import Recorded


@dataclass(frozen=True)
class Source:
    """Requests to replay, and where they come from."""

    name: str
    requests: Sequence[Recorded]
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Numbers of recorded requests that can't be replayed, by reason."""


def given(data: str) -> Source:
    """The requests of a JSON text or of a file: the live split is asked for its answers. Raises UserError."""
    name = "the command line" if data.lstrip().startswith(("{", "[")) else data
    return Source(name, [Recorded(request) for request in requests_from(data)])
