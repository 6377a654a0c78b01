"""A lock file, so that two builds wait for each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from toolchain.progress import Say


@contextmanager
def only_one(path: Path, report: Say) -> Iterator[None]:
    """Holds `path` locked; says so when another process has it, and waits. The system frees it when a holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _taken(file):
            report(f"Another install (process {_holder(file)}) is at work in {path.parent}: waiting for it to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _taken(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: TextIO) -> str:
    file.seek(0)
    return file.read() or "unknown"
