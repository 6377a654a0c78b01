"""One Go command, followed line by line to its end, and stopped with everything that it started."""

import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from toolchain.errors import ToolchainError
from toolchain.golang import go_environment

LAST_WORDS = 20
SECONDS_TO_END = 5


def run_go(
    command: Sequence[str], folder: Path, *, is_progress: Callable[[str], bool], tick: Callable[[], None]
) -> list[str]:
    """Runs Go, hands each line to `is_progress` and ticks every second; the other lines are its answer."""
    rest: deque[str] = deque(maxlen=LAST_WORDS)
    with _group(command, folder) as process:
        for line in _lines(process):
            if line is not None and not is_progress(line):
                rest.append(line)
            tick()
        status = process.wait()
    if status:
        words = "\n".join(f"    {line}" for line in rest)
        raise ToolchainError(
            f"`go {command[1]}` in {folder} failed with exit status {status}; its last words:\n{words}"
        )
    return list(rest)


@contextmanager
def _group(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process group of its own, so that nothing of it outlives us: Go starts a compiler for each package."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=go_environment(),
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
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    # SIGINT, not SIGTERM: only on that one does Go remove its work folder.
    os.killpg(process.pid, signal.SIGINT)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_END)
    finally:
        # Also when an impatient second Ctrl-C ends the wait.
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
