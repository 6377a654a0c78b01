"""A user's own check of a step: a program without a shell, whose exit status decides."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Final, NoReturn

from model_serving.errors import InterruptedRunError
from model_serving.review.plan.child_process import (
    DRAIN_SECONDS,
    ENDING_SIGNALS,
    ChildProcess,
    signals_go_to,
    start_in_own_group,
)
from model_serving.review.plan.credentials import REVIEW_KEY, LineScrubber, Scrubber, secrets_of

_END_SECONDS: Final = 5.0
"""How long a program may take to end after SIGTERM, before SIGKILL."""


def failure_of_command(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    seconds: float,
    show: Callable[[str], None],
) -> str:
    """Why the command failed; empty where its status is 0. `show` gets its output by line, without secrets.

    It runs in the project's folder with the environment of this process and `variables`, without the key that records
    of reviews are signed with. After `seconds`, or when this process is interrupted, its whole process group is ended.
    """
    environment = {name: value for name, value in os.environ.items() if name != REVIEW_KEY} | dict(variables)
    signals = _Signals()
    with signals_go_to(signals.receive, _unhandled()):
        try:
            process = start_in_own_group(command, folder, environment)
        except OSError as error:
            return f"can't be run: {error.strerror}. {_hint(error, command[0])}"
        with _ended_group(process):
            signals.raise_from_now_on()
            reader = _shown(process, show)
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                return f"ended after {seconds:g} s, which is as long as it may take"
            reader.join(DRAIN_SECONDS)
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}" if status else ""


def _hint(error: OSError, program: str) -> str:
    if isinstance(error, PermissionError):
        return f"Make it executable: chmod +x {program}"
    if isinstance(error, FileNotFoundError):
        return "A command is a program on PATH, or a path from the project's folder such as ./check.sh"
    return "A script begins with the line of its interpreter, such as #!/bin/sh"


def _shown(process: ChildProcess, show: Callable[[str], None]) -> threading.Thread:
    """A thread that shows the program's output as it comes."""
    scrub = LineScrubber(Scrubber(secrets_of()))

    def read(lines: IO[str]) -> None:
        # The group may be ended, and the output closed, in the middle of a line.
        with suppress(ValueError), lines:
            for line in lines:
                if text := scrub.feed(line):
                    show(text)
        if text := scrub.end():
            show(text)

    assert process.stdout is not None, "Its output is a pipe"
    reader = threading.Thread(target=read, args=(process.stdout,), daemon=True)
    reader.start()
    return reader


@contextmanager
def _ended_group(process: ChildProcess) -> Iterator[None]:
    """End the program and everything that it has started, unless it has ended by itself."""
    try:
        yield
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: ChildProcess) -> None:
    for number, seconds in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


class _Signals:
    """The signals that end this process. One that comes while the program is being started is raised after that."""

    def __init__(self) -> None:
        self._first: signal.Signals | None = None
        self._is_started = False

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Raise it, or keep it: half a start would leave a program that nobody ends."""
        self._first = signal.Signals(number)
        if self._is_started:
            self._raise()

    def raise_from_now_on(self) -> None:
        """The program runs, and is ended with this process."""
        self._is_started = True
        if self._first:
            self._raise()

    def _raise(self) -> NoReturn:
        assert self._first is not None, "A signal was received"
        if self._first is signal.SIGINT:
            raise KeyboardInterrupt
        raise InterruptedRunError(self._first, f"Interrupted ({self._first.name}) while a gate's command was running")


def _unhandled() -> list[signal.Signals]:
    """Those that nobody else handles."""
    return [each for each in ENDING_SIGNALS if signal.getsignal(each) in (signal.SIG_DFL, signal.default_int_handler)]
