"""End without a traceback when the engine interrupts the program.

Newer engines (seen with 3.260, not with 3.220) send SIGINT to the program when a run is cancelled, which every refused
run is. Python raises KeyboardInterrupt, and the engine shows its traceback among the diagnostics, longer than the
reason of the refusal.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType

from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor


def end_quietly_when_interrupted() -> None:
    """Let SIGINT end this process without a traceback, if the process is only a Pulumi program.

    Nothing changes if a handler is already set, in a test runner, or in a program that runs a stack inline with the
    Automation API, which uses another thread.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler and _has_an_engine():
        signal.signal(signal.SIGINT, _end)


def _has_an_engine() -> bool:
    monitor = get_monitor()
    return monitor is not None and not isinstance(monitor, MockMonitor)


def _end(signal_number: int, _frame: FrameType | None) -> None:
    """End by the signal itself, as Python does after its traceback: the language host sees no difference."""
    signal.signal(signal_number, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        # The signal may have interrupted a write.
        with suppress(RuntimeError, ValueError, OSError):
            stream.flush()
    os.kill(os.getpid(), signal_number)
