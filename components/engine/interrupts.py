"""The end of a program that the engine interrupts.

Newer engines (seen with 3.260, not with 3.220) send SIGINT to the program when a run is cancelled, which every refused
run is. Python answers with a KeyboardInterrupt, whose traceback the engine shows among the diagnostics, longer than the
reason of the refusal and about nothing that the user did.
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
    """Let SIGINT end this process without a traceback, where the process is a Pulumi program and nothing else.

    A handler that somebody set stays, and so does the behaviour of a test runner, and of a program that runs a stack
    inline with the Automation API: it does so in a thread of its own.
    """
    in_charge = threading.current_thread() is threading.main_thread()
    if in_charge and signal.getsignal(signal.SIGINT) is signal.default_int_handler and _has_an_engine():
        signal.signal(signal.SIGINT, _end)


def _has_an_engine() -> bool:
    monitor = get_monitor()
    return monitor is not None and not isinstance(monitor, MockMonitor)


def _end(signal_number: int, _frame: FrameType | None) -> None:
    """End as by the signal itself, as Python does after its traceback: the language host sees no difference."""
    signal.signal(signal_number, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        # The signal may have come in the middle of a write.
        with suppress(RuntimeError, ValueError, OSError):
            stream.flush()
    os.kill(os.getpid(), signal_number)
