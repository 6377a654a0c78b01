"""Starts a program in a process group of its own, and handles the signals that come while it runs."""

import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DRAIN_SECONDS: Final = 2.0
"""A process that outlives the program keeps its output open: how long to wait for the last lines."""

ChildProcess = subprocess.Popen[str]
Receive = Callable[[int, FrameType | None], None]


def start_in_own_group(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> ChildProcess:
    """Start it with both outputs in one pipe. A terminal sends Ctrl-C to the whole foreground group: not to this one.

    Raises OSError.
    """
    return subprocess.Popen(
        list(command),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )


@contextmanager
def signals_go_to(receive: Receive, numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """Call `receive` for these signals meanwhile. Outside of the main thread Python allows no handler: no call then."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, receive) for each in numbers}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
