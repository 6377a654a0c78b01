"""One Go command, followed line by line to its end, and stopped with everything that it started."""

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

LAST_WORDS = 20


@dataclass(frozen=True)
class Go:
    """A Go program, and the folder for its temporary files."""

    program: Path
    # Interrupted, Go leaves hundreds of megabytes behind in here.
    work: Path

    def run(
        self, arguments: Sequence[str], folder: Path, *, is_progress: Callable[[str], bool], tick: Callable[[], None]
    ) -> list[str]:
        """Hands each line to `is_progress` and ticks at least every second; the other lines are the answer."""
        environment = go_environment() | {"GOTMPDIR": str(self.work)}
        with _group([str(self.program), *arguments], folder, environment) as process:
            rest = _follow(process, is_progress, tick)
            status = process.wait()
        if status:
            words = "\n".join(f"    {line}" for line in rest)
            raise ToolchainError(
                f"`go {arguments[0]}` in {folder} failed with exit status {status}; its last words:\n{words}"
            )
        return rest


def _follow(process: subprocess.Popen[str], is_progress: Callable[[str], bool], tick: Callable[[], None]) -> list[str]:
    rest: deque[str] = deque(maxlen=LAST_WORDS)
    for line in _lines(process):
        if line is not None and not is_progress(line):
            rest.append(line)
        tick()
    return list(rest)


@contextmanager
def _group(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process group of its own, so that nothing of it outlives us: Go starts a compiler for each package."""
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
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _lines(process: subprocess.Popen[str]) -> Iterator[str | None]:
    """Its output line by line, and None for each second in which it says nothing."""
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
