"""A status as lines, one for each change: for logs and for terminals that can't be redrawn."""

from collections.abc import Iterator

from model_serving.operations.live.render import wording
from model_serving.operations.live.status import EndpointStatus, StackStatus, State


class Changes:
    """The lines of one status after another. The first status has a line for each endpoint."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._problem = ""

    def lines(self, status: StackStatus) -> Iterator[str]:
        """A line for each endpoint that is not as it was."""
        for each in status.endpoints:
            summary = _summary(each)
            if self._last.get(each.key) != summary:
                self._last[each.key] = summary
                yield f"{wording.clock(status.time)} {each.key}: {summary}"

    def problem(self, problem: str, now: float) -> str | None:
        """The line that the workspace does not answer any more, or does again; None if nothing has changed."""
        if bool(problem) == bool(self._problem):
            return None
        self._problem = problem
        time = wording.clock(now)
        return f"{time} No answer, trying again: {problem}" if problem else f"{time} The workspace answers again"


def _summary(status: EndpointStatus) -> str:
    """What matters of an endpoint, without what differs at each read."""
    words = [status.state.value.replace("_", " ")]
    words += [", ".join(wording.serves(status, each) for each in status.entities)] if status.entities else []
    words += [text.plain for text in wording.problems(status, with_logs=False)]
    if status.state is State.UPDATING:
        pending = ((each.name, each.pending.message) for each in status.entities if each.pending)
        words += [f"{name}: {message}" for name, message in pending if message]
    return "; ".join(words)
