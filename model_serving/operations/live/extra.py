"""What another part adds to a status: a member of `--json`, a column of a wide table, lines of the detailed view."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from model_serving.operations.live.status import EndpointStatus
from model_serving.operations.live.targets import Targets


@dataclass(frozen=True)
class Extra:
    """A value of each endpoint. `read` returns None where there is none; it makes no request that could wait."""

    name: str
    """The member of `--json`, in snake_case; of `EndpointStatus.extras`, too."""
    read: Callable[[Targets, EndpointStatus], Any]
    """The value, of what JSON can hold, from what has been read already."""
    lines: Callable[[Any], Iterable[str]]
    """The value for people, in the detailed view of an endpoint; the first line stands beside the name."""
    column: Callable[[Any], str] | None = None
    """The value in a cell of the table, which has the column where the terminal is wide enough; None for no column."""
    total: Callable[[Targets, Sequence[EndpointStatus]], Any] | None = None
    """The value of all endpoints together, in `totals` of `--json` and, by `column`, under the table; None for none."""
    notice: Callable[[Any], str | None] | None = None
    """The line below the table for a value that somebody has to know of; None for none."""
