"""Progress of a command that takes a while, on standard error: a line that is rewritten, or one each few seconds."""

import sys
import time
from collections.abc import Callable
from typing import Final, Self

_LINE_EVERY: Final = 10.0
_REWRITE_EVERY: Final = 0.2


class Counter:
    """A line of progress. On a terminal it is rewritten in place and removed at the end."""

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._next = time.monotonic() + (_REWRITE_EVERY if self._rewrites else _LINE_EVERY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._rewrites:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def count(self, what: str) -> Callable[[int, int], None]:
        """A function that shows `12 of 500 requests replayed`."""
        return lambda done, number: self._show(f"{done} of {number} {what}")

    def wait_for(self, what: str) -> Callable[[str, float], None]:
        """A function that shows what is waited for, in which state, and for how long."""
        return lambda state, seconds: self._show(f"Waiting for the {what}: {state} for {seconds:.0f} s")

    def _show(self, text: str) -> None:
        if time.monotonic() < self._next:
            return
        print(f"\r\033[K{text}" if self._rewrites else text, end="" if self._rewrites else "\n", file=sys.stderr)
        sys.stderr.flush()
        self._next = time.monotonic() + (_REWRITE_EVERY if self._rewrites else _LINE_EVERY)
