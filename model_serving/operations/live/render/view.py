"""The view of a status for people, and its text."""

import io
from dataclasses import replace
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.text import Text

from model_serving.measures import elapsed_text
from model_serving.operations.live.render.detail import detail_view
from model_serving.operations.live.render.table import table_view
from model_serving.operations.live.status import EndpointStatus, StackStatus, State
from model_serving.operations.live.watch import Frame

_AROUND: Final = 8
"""Lines of a screen that the endpoints do not have for themselves."""


def view(status: StackStatus, width: int, now: float, *, detailed: bool) -> RenderableType:
    """The table of a stack or, `detailed`, each of its endpoints in full. `now` is a UNIX time."""
    return detail_view(status, now) if detailed else table_view(status, width, now)


def frame_view(frame: Frame, width: int, height: int, now: float, *, detailed: bool) -> RenderableType:
    """The view of a frame: the status, and how old it is where the workspace gives no answer.

    Where the endpoints may not fit on the screen, those that somebody has to act on come first.
    """
    if frame.status is None:
        return Text(f"No answer, trying again: {frame.problem}" if frame.problem else "Reading the endpoints")
    status = frame.status
    if sum(max(1, len(each.entities)) for each in status.endpoints) > height - _AROUND:
        status = replace(status, endpoints=tuple(sorted(status.endpoints, key=_urgency)))
    parts = [view(status, width, now, detailed=detailed), _age(frame)]
    return Group(*parts)


def _urgency(status: EndpointStatus) -> int:
    return 0 if not status.is_good else 1 if status.state is State.UPDATING else 2 if status.drift else 3


def _age(frame: Frame) -> Text:
    age = elapsed_text(frame.age)
    if frame.problem:
        return Text(f"No answer: this is {age} old. Trying again: {frame.problem}", style="bold yellow")
    return Text(f"read {age} ago · Ctrl-C ends", style="dim")


def text(status: StackStatus, *, width: int, color: bool, detailed: bool, now: float) -> str:
    """The view as lines of a terminal that is `width` wide."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(view(status, width, now, detailed=detailed))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"
