"""The view of a status for people, and its text."""

import io

from rich.console import Console, RenderableType

from model_serving.operations.live.render.detail import detail_view
from model_serving.operations.live.render.table import table_view
from model_serving.operations.live.status import StackStatus


def view(status: StackStatus, width: int, now: float, *, detailed: bool) -> RenderableType:
    """The table of a stack or, `detailed`, each of its endpoints in full. `now` is a UNIX time."""
    return detail_view(status, now) if detailed else table_view(status, width, now)


def text(status: StackStatus, *, width: int, color: bool, detailed: bool, now: float) -> str:
    """The view as lines of a terminal that is `width` wide."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(view(status, width, now, detailed=detailed))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"
