"""Running `pulumi` itself: its output as it comes and without secrets, one signal handed on, its end waited for."""

import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from model_serving.review.plan.credentials import LineScrubber, Scrubber

_QUIET_SECONDS = 30.0
"""After so long without a line of output, one says that it is still running."""
_LOOK_SECONDS = 0.2
"""So often it is looked at whether a signal came, or the process ended."""
_DRAIN_SECONDS = 2.0
"""A plugin that outlives `pulumi` keeps its output open: so long its last lines are waited for."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ran:
    """What became of a run. `text` is what it printed, without secrets."""

    status: int
    """Its exit status; negative where a signal ended it."""
    text: str
    interrupted_by: signal.Signals | None = None
    """The first signal that came for this process meanwhile."""


def progress(text: str) -> None:
    """Progress goes to standard error: standard output holds results."""
    sys.stderr.write(text)
    sys.stderr.flush()


def run_engine(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    scrub: Scrubber,
    show: Say,
    *,
    say: Say = progress,
) -> Ran:
    """Run a command of `pulumi` to its end. `show` gets its output, `say` what there is to say of the waiting."""
    lines, text = LineScrubber(scrub), list[str]()

    def take(part: str) -> None:
        if part:
            text.append(part)
            show(part)

    with _signals() as signals:
        process = _started(command, folder, environment)
        signals.hand_on_to(process)
        try:
            for line in _lines(process, _Patience(" ".join(command[:2]), process.pid, signals, say)):
                take(lines.feed(line))
            take(lines.end())
        except BaseException:
            # Standard error is closed, for example: what has begun must still come to its end.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        return Ran(process.wait(), "".join(text), signals.first)


def _started(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """A terminal sends Ctrl-C to the whole foreground group: in a group of its own it gets only what is handed on."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )


def _lines(process: "subprocess.Popen[str]", patience: "_Patience") -> Iterator[str]:
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
    while not ended or time.monotonic() - ended < _DRAIN_SECONDS:
        line: str | None = ""
        with suppress(queue.Empty):
            line = arrived.get(timeout=_LOOK_SECONDS)
        if line is None:
            return
        if line:
            yield line
        elif not ended and process.poll() is not None:
            ended = time.monotonic()
        patience.look(heard=bool(line))


class _Signals:
    """The signals that come for this process while `pulumi` runs."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.count = 0
        self._process: subprocess.Popen[str] | None = None

    def came(self, number: int, _frame: FrameType | None) -> None:
        """Hand on the first as an interrupt: `pulumi` finishes what it has begun, and stops.

        It takes a second one as: stop at once, with pending operations in the state. So that is not handed on.
        Nothing is written here: the signal may have come in the middle of a write.
        """
        self.count += 1
        if self.first is None:
            self.first = signal.Signals(number)
            if self._process:
                self._process.send_signal(signal.SIGINT)

    def hand_on_to(self, process: "subprocess.Popen[str]") -> None:
        """From now on to this process; at once, where a signal has come already."""
        self._process = process
        if self.first:
            process.send_signal(signal.SIGINT)


class _Patience:
    """What is said while there is nothing to do but wait."""

    def __init__(self, name: str, process: int, signals: _Signals, say: Say) -> None:
        self._name, self._process, self._signals, self._say = name, process, signals, say
        self._started = self._heard = time.monotonic()
        self._answered = 0

    def look(self, *, heard: bool) -> None:
        """Answer a new signal, and break a long silence."""
        now = time.monotonic()
        quiet = now - self._heard > _QUIET_SECONDS
        if heard or quiet:
            self._heard = now
        if self._signals.count > self._answered:
            self._answered = self._signals.count
            self._say(f"{self._signals.first.name if self._signals.first else ''} received: {self._stopping}\n")
        elif quiet:
            stopping = self._stopping if self._signals.count else f"`{self._name}` is still running"
            self._say(f"{now - self._started:.0f} s: {stopping}\n")

    @property
    def _stopping(self) -> str:
        return (
            f"waiting for `{self._name}` to finish what it has begun, then it stops. "
            f"Killing it (kill -9 {self._process}) leaves the stack locked, with pending operations"
        )


@contextmanager
def _signals() -> Iterator[_Signals]:
    """Catch signals meanwhile. Outside of the main thread, where Python allows no handler, none is caught."""
    found = _Signals()
    if threading.current_thread() is not threading.main_thread():
        yield found
        return
    # `nohup` ignores SIGHUP for its command: that stays.
    caught = [each for each in _CAUGHT if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, found.came) for each in caught}
    try:
        yield found
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


_CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
