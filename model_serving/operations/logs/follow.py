"""Follow logs: print each new line once, until the command is interrupted or what it follows is gone."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from model_serving.databricks.build_logs import plain_text
from model_serving.databricks.errors import DeniedError, SignInError, WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path, is_stopped
from model_serving.operations.live.targets import Target, Targets
from model_serving.operations.logs.read import (
    LogLine,
    LogName,
    Unread,
    entities_of,
    lines_of,
    read_error,
    read_logs,
)
from model_serving.operations.logs.tail import Tail

SHORTEST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 10.0
"""Seconds between two reads: the longer, the longer nothing is new."""

GONE_SECONDS: Final = 60.0
"""So long an endpoint that is gone may be created again, as a replacement does it."""

_REMINDER_SECONDS: Final = 60.0


@dataclass
class Follower:
    """Follows the logs of an endpoint: of one entity, or of all that it serves at each time."""

    targets: Targets
    target: Target
    entity: str | None
    kinds: Sequence[str]
    show: Callable[[LogLine], None]
    say: Callable[[str], None]
    """Takes what the reader should know, for standard error."""
    _tails: dict[LogName, Tail] = field(default_factory=dict)
    _problems: dict[LogName, str] = field(default_factory=dict)
    _id: str = ""
    _was_stopped: bool = False
    _gone_since: float | None = None
    _reminded: float | None = None

    def run(self, live: Mapping[str, Any], texts: Mapping[LogName, str | Unread]) -> int:
        """Show these texts, and what follows. Returns the exit status once there is nothing to follow any more."""
        self._id = str(live.get("id"))
        self._state(live)
        self._show(texts)
        wait = SHORTEST_PAUSE
        while True:
            time.sleep(wait)
            try:
                shown = self._round()
            except (SignInError, DeniedError) as error:
                raise read_error(self.targets, self.target, error) from error
            except WorkspaceError as error:
                reason = plain_text(error)
                self._remind(f"No answer about {self._name}: {reason}. Trying again until you press Ctrl-C")
                continue
            if shown is None:
                return 1
            wait = SHORTEST_PAUSE if shown else min(LONGEST_PAUSE, wait * 1.5)

    @property
    def _name(self) -> str:
        return f'endpoint "{self.target.name}"'

    def _round(self) -> int | None:
        """Read everything once. The number of new lines; None if there is nothing to follow any more."""
        workspace = self.targets.workspace
        live = workspace.find(endpoint_path(self.target.name))
        if live is None:
            return self._gone()
        self._recovered(live)
        self._state(live)
        logs = self._logs(live)
        if not logs:
            self.say(f'"{self.entity}" is no longer served by {self._name}')
            return None
        return self._show(read_logs(workspace, self.target.name, logs))

    def _gone(self) -> int | None:
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
            self.say(f"{self._name} was deleted. Waiting {GONE_SECONDS:.0f} s for one that replaces it")
        if now - self._gone_since < GONE_SECONDS:
            return 0
        self.say(f"{self._name} was not created again")
        return None

    def _recovered(self, live: Mapping[str, Any]) -> None:
        """Say what has changed while nothing was read: the workspace answers again, or the endpoint is another one."""
        if self._reminded is not None:
            self.say(f"The workspace answers about {self._name} again")
        self._reminded = self._gone_since = None
        if str(live.get("id")) != self._id:
            self.say(f"{self._name} was deleted and created again: these are the logs of the new one")
            self._id, self._tails = str(live.get("id")), {}

    def _state(self, live: Mapping[str, Any]) -> None:
        if is_stopped(live) and not self._was_stopped:
            self.say(f"{self._name} is stopped: nothing is written to its logs")
        self._was_stopped = is_stopped(live)

    def _logs(self, live: Mapping[str, Any]) -> list[LogName]:
        """The logs to read: none if the followed entity is gone. What comes and goes is said."""
        served, known = entities_of(live), {log.entity for log in self._tails}
        if self.entity is not None:
            return [LogName(self.entity, kind) for kind in self.kinds] if self.entity in served else []
        for name in served.keys() - known if known else ():
            self.say(f'{self._name} serves or deploys "{name}" now')
        for name in known - served.keys():
            self.say(f'{self._name} no longer serves "{name}"')
            self._tails = {log: tail for log, tail in self._tails.items() if log.entity != name}
        return [LogName(name, kind) for name in served for kind in self.kinds]

    def _show(self, texts: Mapping[LogName, str | Unread]) -> int:
        number = 0
        for log, text in texts.items():
            if isinstance(text, Unread):
                self._say_once(log, text.reason)
                continue
            self._say_once(log, "")
            tail = self._tails.setdefault(log, Tail())
            lines = lines_of(log, tail.new(text))
            if tail.started_over:
                self.say(f'The {log.kind} log of "{log.entity}" starts over, or lines of it were dropped meanwhile')
            for line in lines:
                self.show(line)
            number += len(lines)
        return number

    def _say_once(self, log: LogName, problem: str) -> None:
        if problem and self._problems.get(log) != problem:
            self.say(problem)
        self._problems[log] = problem

    def _remind(self, text: str) -> None:
        """Say the same thing at most once a minute."""
        now = time.monotonic()
        if self._reminded is None or now - self._reminded >= _REMINDER_SECONDS:
            self._reminded = now
            self.say(text)
