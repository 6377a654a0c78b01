"""Runs of Pulumi on a stack that another run may hold: waited for, with words and a bound."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from model_serving.delivery.rollout.stack_lock import locked_by, released
from model_serving.errors import InterruptedRunError
from model_serving.review.plan.engine_process import EngineRun
from model_serving.state_backend import cause, is_locked

LONGEST_LOCK_SECONDS: Final = 600
"""How long another run may hold the stack's lock: a step of a rollout that deploys a version takes minutes."""
_RETRY_SECONDS: Final = 3.0
_BETWEEN: Final = 30.0
"""Seconds between two lines while it is waited for."""


def run_when_free(run: Callable[[], EngineRun], stack: str, folder: Path, notify: Callable[[str], None]) -> EngineRun:
    """The finished run, repeated as long as another one holds the stack's lock. Raises InterruptedRunError.

    A lock that a dead process of this host has left is removed.
    """
    began = said = time.monotonic()
    while True:
        ran = run()
        if ran.interrupted_by and ran.status:
            text = f"Interrupted ({ran.interrupted_by.name}). Run the same command again: it continues"
            raise InterruptedRunError(ran.interrupted_by, text)
        lock, now = locked_by(ran.text), time.monotonic()
        if not ran.status or not is_locked(ran.text) or now - began > LONGEST_LOCK_SECONDS:
            return ran
        if lock and lock.is_of_this_host:
            if not released(lock, stack, folder, notify):
                return ran
            continue
        if said == began or now - said > _BETWEEN:
            said = now
            why, minutes = cause(ran.text, stack), LONGEST_LOCK_SECONDS // 60
            notify(f"{now - began:.0f} s: {why}. Trying again, for {minutes} minutes at most\n")
        time.sleep(_RETRY_SECONDS)
