"""Pulumi's lock on a stack where a killed run has left it.

Pulumi's message names the lock's owner: `created by USER@HOST (pid 123) at TIME`. Source: pulumi/pulumi,
pkg/backend/diy/lock.go (lockContent, and the message of checkForLock); the same in 3.220 and 3.260.
"""

import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.databricks.serving_endpoints import LONGEST_UPDATE_SECONDS
from model_serving.delivery.rollout.owner import is_running
from model_serving.review.plan.pulumi_command import run_pulumi

_CREATED_BY: Final = re.compile(r"created by \S+@(?P<host>\S+) \(pid (?P<pid>\d+)\)")
_POLL_SECONDS: Final = 2.0
_BETWEEN: Final = 30.0
"""Seconds between two lines while it is waited for."""


@dataclass(frozen=True)
class StackLock:
    """The owner of a lock, as Pulumi's message names it."""

    host: str
    pid: int

    @property
    def is_of_this_host(self) -> bool:
        """Whether its process, if it runs, is one of this host."""
        return self.host == socket.gethostname()


def locked_by(text: str) -> StackLock | None:
    """The lock that a message of Pulumi is about; None if it is about something else."""
    match = _CREATED_BY.search(text)
    return StackLock(match["host"], int(match["pid"])) if match else None


def released(lock: StackLock, stack: str, folder: Path, notify: Callable[[str], None]) -> bool:
    """Wait for the lock's process, if it is one of this host, and remove a lock that it leaves.

    The process is Pulumi's: it may survive the command that started it. False for a lock of another host, and if the
    process takes longer than any update.
    """
    if not lock.is_of_this_host:
        return False
    began = said = time.monotonic()
    if is_running(lock.pid):
        notify(
            f"Pulumi (process {lock.pid}), started by an earlier run, still works on stack {stack}: waiting for it\n"
        )
    while is_running(lock.pid):
        now = time.monotonic()
        if now - began > LONGEST_UPDATE_SECONDS:
            return False
        if now - said > _BETWEEN:
            said = now
            notify(f"{now - began:.0f} s: still waiting for process {lock.pid}\n")
        time.sleep(_POLL_SECONDS)
    notify(f"Removing the lock on stack {stack} that process {lock.pid} of this host has left: it has ended\n")
    run_pulumi("cancel", stack, folder, ["--yes"])
    return True
