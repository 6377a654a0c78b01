"""Signals that end the command, as exceptions: what is temporary is then deleted."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from model_serving.errors import InterruptedRunError

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
"""Python raises KeyboardInterrupt for SIGINT by itself."""


@contextmanager
def signals_as_errors(text: str | Callable[[], str]) -> Iterator[None]:
    """Raise InterruptedRunError with this text for a signal that would end the process at once.

    A function gives the text of the moment. Outside of the main thread Python allows no handler, so nothing changes.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise InterruptedRunError(signal.Signals(number), text if isinstance(text, str) else text())

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # `nohup` ignores SIGHUP for its command: that stays.
    caught = [each for each in _ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, interrupt) for each in caught}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
