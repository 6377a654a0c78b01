"""Runs `pulumi`: shows its output as it comes, without secrets, passes on one signal and waits for its end."""

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from model_serving.review.plan.child_process import (
    DRAIN_SECONDS,
    ENDING_SIGNALS,
    ChildProcess,
    signals_go_to,
    start_in_own_group,
)
from model_serving.review.plan.credentials import LineScrubber, Scrubber

_QUIET_SECONDS = 30.0
"""After so long without output, a message says that it is still running."""
_POLL_SECONDS = 0.2
"""How often to check for signals, and for the end of the process."""

Show = Callable[[str], None]


@dataclass(frozen=True)
class EngineRun:
    """A finished run. `text` is its output without secrets."""

    status: int
    """Its exit status; negative if a signal ended it."""
    text: str
    interrupted_by: signal.Signals | None = None
    """The first signal that this process received meanwhile."""


def progress(text: str) -> None:
    """Write progress to standard error: standard output is for results."""
    sys.stderr.write(text)
    sys.stderr.flush()


def run_engine(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    scrub: Scrubber,
    show: Show,
    *,
    notify: Show = progress,
) -> EngineRun:
    """Run a command of `pulumi` to its end. `show` gets its output, `notify` messages while nothing happens."""
    lines, text = LineScrubber(scrub), list[str]()

    def take(part: str) -> None:
        if part:
            text.append(part)
            show(part)

    signals = _Signals()
    with signals_go_to(signals.receive, _caught()):
        process = start_in_own_group(command, folder, environment)
        signals.pass_on_to(process)
        try:
            for line in _lines(process, _WaitMessages(" ".join(command[:2]), process.pid, signals, notify)):
                take(lines.feed(line))
            take(lines.end())
        except BaseException:
            # Standard error is closed, for example: what has begun must still be finished.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        return EngineRun(process.wait(), "".join(text), signals.first)


def _lines(process: ChildProcess, messages: "_WaitMessages") -> Iterator[str]:
    """Each line of its output, until it has ended."""
    assert process.stdout is not None, "Its output is a pipe"
    arrived: queue.Queue[str | None] = queue.Queue()

    def read(lines: IO[str]) -> None:
        with lines:
            for line in lines:
                arrived.put(line)
        arrived.put(None)

    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    ended = 0.0
    while not ended or time.monotonic() - ended < DRAIN_SECONDS:
        line: str | None = ""
        with suppress(queue.Empty):
            line = arrived.get(timeout=_POLL_SECONDS)
        if line is None:
            return
        if line:
            yield line
        elif not ended and process.poll() is not None:
            ended = time.monotonic()
        messages.update(heard=bool(line))


class _Signals:
    """The signals that this process receives while `pulumi` runs."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.count = 0
        self._process: ChildProcess | None = None

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Pass on the first as an interrupt: `pulumi` finishes what it has begun, and stops.

        A second one would stop it at once, with pending operations in the state, so it is not passed on. Nothing is
        written here: the signal may have come in the middle of a write.
        """
        self.count += 1
        if self.first is None:
            self.first = signal.Signals(number)
            if self._process:
                self._process.send_signal(signal.SIGINT)

    def pass_on_to(self, process: ChildProcess) -> None:
        """Pass signals on to this process; at once if one was received already."""
        self._process = process
        if self.first:
            process.send_signal(signal.SIGINT)


class _WaitMessages:
    """Messages while there is nothing to do but wait."""

    def __init__(self, name: str, process: int, signals: _Signals, notify: Show) -> None:
        self._name, self._process, self._signals, self._notify = name, process, signals, notify
        self._started = self._heard = time.monotonic()
        self._answered = 0

    def update(self, *, heard: bool) -> None:
        """Acknowledge a new signal, and say that the process is still running after a long silence."""
        now = time.monotonic()
        quiet = now - self._heard > _QUIET_SECONDS
        if heard or quiet:
            self._heard = now
        if self._signals.count > self._answered:
            self._answered = self._signals.count
            self._notify(f"{self._signals.first.name if self._signals.first else ''} received: {self._stopping}\n")
        elif quiet:
            stopping = self._stopping if self._signals.count else f"`{self._name}` is still running"
            self._notify(f"{now - self._started:.0f} s: {stopping}\n")

    @property
    def _stopping(self) -> str:
        return (
            f"waiting for `{self._name}` to finish what it has begun, then it stops. "
            f"Killing it (kill -9 {self._process}) leaves the stack locked, with pending operations"
        )


def _caught() -> list[signal.Signals]:
    """All that end this process. `nohup` ignores SIGHUP for its command: that stays."""
    return [
        each for each in ENDING_SIGNALS if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    ]
