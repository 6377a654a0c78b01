"""A run of `pulumi up` that is killed at one of its API calls, or loses an answer."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tests.support.killed_run import UP, started_by
from tests.support.sandbox import Sandbox

WRITES: Final = "[!G]* /api/*"
READS: Final = "GET /api/*"
_HELD_SECONDS: Final = 4.0
_LONGEST: Final = 180.0


class Fate(StrEnum):
    """What happens to a run at one of its calls."""

    BEFORE = "killed before the call takes effect"
    AFTER = "killed after the call took effect"
    LOST = "loses the answer of the call"


@dataclass(frozen=True)
class Interrupted:
    """How a run ended that was interrupted."""

    at: str
    """The call, `POST /api/2.0/serving-endpoints`; empty if the run made fewer calls."""
    text: str = ""


def calls(sandbox: Sandbox, since: int = 0) -> list[str]:
    """The API calls in the workspace's journal, after the first ones."""
    requests = sandbox.workspace.get("/_workspace/journal")["requests"]
    return [f"{each['method']} {each['path']}" for each in requests if each["path"].startswith("/api/")][since:]


def interrupted_up(sandbox: Sandbox, pattern: str, number: int, fate: Fate) -> Interrupted:
    """Run `pulumi up` whose call of that number, from 0, among those of a pattern, meets its fate.

    A killed run leaves its lock, which `pulumi cancel` removes, as docs/troubleshooting.md says.
    """
    rule: dict[str, Any] = {"pattern": pattern, "skip": number, "reset": True}
    rule |= {"after_handler": fate is not Fate.BEFORE}
    rule |= {"delay_seconds": 0 if fate is Fate.LOST else _HELD_SECONDS}
    sandbox.workspace.post("/_workspace/faults", rule)
    with subprocess.Popen(
        ["pulumi", *UP, "--non-interactive", "--color", "never"],
        cwd=sandbox.folder,
        env=dict(sandbox.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        at = "" if fate is Fate.LOST else _kill_at_the_call(sandbox, run)
        text = run.communicate(timeout=_LONGEST)[0]
    left = sandbox.workspace.get("/_workspace/faults")["faults"]
    sandbox.workspace.delete("/_workspace/faults")
    if fate is Fate.LOST:
        return Interrupted("" if left else "lost", text)
    if at:
        sandbox.pulumi("cancel", "--yes")
    return Interrupted(at, text)


def _kill_at_the_call(sandbox: Sandbox, run: "subprocess.Popen[str]") -> str:
    """Kill the engine and all that it started while its call is held; empty if the run ends without such a call."""
    deadline = time.monotonic() + _LONGEST
    while sandbox.workspace.get("/_workspace/faults")["faults"]:
        if run.poll() is not None:
            return ""
        assert time.monotonic() < deadline, "The run neither ended nor made the call"
        time.sleep(0.02)
    for process in (run.pid, *started_by(run.pid)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return "killed"
