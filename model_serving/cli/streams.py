"""Output of commands that print for a long time."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def until_nobody_reads() -> Iterator[None]:
    """End the block without an error when the reader of standard output has ended, as `head` does."""
    try:
        yield
    except BrokenPipeError:
        # What is still buffered would fail once more when Python flushes it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
