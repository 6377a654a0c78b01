"""A run of `pulumi up` that is killed in the middle, with everything that it started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")


def killed_when(sandbox: Sandbox, is_time: Callable[[], bool]) -> None:
    """Run `pulumi up`, kill the engine as soon as it is time, and then what it started."""
    run = subprocess.Popen(
        ["pulumi", *UP, "--non-interactive"],
        cwd=sandbox.folder,
        env=dict(sandbox.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not is_time():
        assert run.poll() is None, "The run has ended before it could be killed"
        assert time.monotonic() < deadline, "The workspace never got there"
        time.sleep(0.1)
    run.kill()
    run.wait()
    for process in started_by(run.pid):
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(process, signal.SIGKILL)


def is_written(sandbox: Sandbox) -> bool:
    """Whether the state has been at rest for two seconds: a kill in the middle of its file would leave half of it."""
    folder = Path(urlsplit(sandbox.environment["PULUMI_BACKEND_URL"]).path)
    return all(time.time() - state.stat().st_mtime > 2 for state in folder.rglob("stacks/**/local.json"))


def state_of(sandbox: Sandbox) -> str:
    """The text of the state of stack `local`; empty before there is one."""
    folder = Path(urlsplit(sandbox.environment["PULUMI_BACKEND_URL"]).path)
    return "".join(state.read_text(encoding="utf-8") for state in folder.rglob("stacks/**/local.json"))


def started_by(session: int) -> list[int]:
    """The processes of a session that are left."""
    processes = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[3]) == session:
            processes.append(int(stat.parent.name))
    return processes
