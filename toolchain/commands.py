"""Runs a Go command, reads its output line by line, and stops it with all of its child processes."""

import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from toolchain.errors import ToolchainError
from toolchain.golang import go_environment

LAST_LINES = 20


@dataclass(frozen=True)
class Go:
    """A Go program, and the folder for its temporary files."""

    program: Path
    # An interrupted Go command leaves hundreds of megabytes in this folder.
    work: Path

    def run(
        self, arguments: Sequence[str], folder: Path, *, is_progress: Callable[[str], bool], tick: Callable[[], None]
    ) -> list[str]:
        """Runs the command and returns its last lines, except for progress. Calls `tick` at least every second."""
        environment = go_environment() | {"GOTMPDIR": str(self.work)}
        with _group([str(self.program), *arguments], folder, environment) as process:
            rest = _follow(process, is_progress, tick)
            status = process.wait()
        if status:
            output = "\n".join(f"    {line}" for line in rest)
            raise ToolchainError(f"`go {arguments[0]}` in {folder} failed with exit status {status}:\n{output}")
        return rest


def _follow(process: subprocess.Popen[str], is_progress: Callable[[str], bool], tick: Callable[[], None]) -> list[str]:
    rest: deque[str] = deque(maxlen=LAST_LINES)
    for line in _lines(process):
        if line is not None and not is_progress(line):
            rest.append(line)
        tick()
    return list(rest)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Handles SIGINT and SIGTERM at the end: between a fork and its result, nobody would stop the new process."""
    received: list[int] = []
    in_main = threading.current_thread() is threading.main_thread()  # the only thread that handles signals
    numbers = (signal.SIGINT, signal.SIGTERM) if in_main else ()
    before = {number: signal.signal(number, lambda caught, _: received.append(caught)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for each in received:
            signal.raise_signal(each)


@contextmanager
def _group(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Runs a command in its own process group, which is killed at the end: Go starts a compiler for each package."""
    process = None
    try:
        with _signals_deferred():
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        yield process
    finally:
        if process and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _lines(process: subprocess.Popen[str]) -> Iterator[str | None]:
    """The lines of the output, and None for each second without one."""
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None, "started with a pipe"
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        yield line


def _read(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    with stream:
        for line in stream:
            lines.put(line.rstrip())
    lines.put(None)
