"""Who runs a rollout, and whether that process may still go on."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from model_serving.databricks.serving_endpoints import LONGEST_UPDATE_SECONDS
from model_serving.spec.rollout_record import Owner, utc

_MARGIN: Final = 300
"""Seconds beside the longest update and the bake: for Pulumi itself."""
_START_TIME: Final = 19
"""The place of a process' start in /proc/PID/stat, after its name. Source: proc(5)."""


def this_process(environment: Mapping[str, str] = os.environ) -> Owner:
    """The owner that a record names while this process rolls out."""
    job, attempt = _job(environment)
    return Owner(socket.gethostname(), os.getpid(), _began(os.getpid()), job, attempt)


def lease_until(now: datetime, bake_seconds: float) -> str:
    """Until when a step may take: an update, the bake, which may be extended once by its own length, and a margin."""
    return utc(now + timedelta(seconds=LONGEST_UPDATE_SECONDS + 2 * bake_seconds + _MARGIN))


def may_go_on(owner: Owner, me: Owner, now: datetime) -> bool:
    """Whether an owner may still be at work, so that nobody else may go on.

    On this host its process decides. On another one, an earlier attempt of this pipeline's run has ended, because
    forges start an attempt when the one before has; any other owner may go on until its lease ends.
    """
    if not owner.host:
        return False
    if owner.host == me.host:
        return owner.pid != me.pid and _is_alive(owner)
    if owner.job and owner.job == me.job and owner.attempt < me.attempt:
        return False
    return bool(owner.until) and now < datetime.fromisoformat(owner.until)


def is_dead_here(owner: Owner, me: Owner) -> bool:
    """Whether it was a process of this host that has ended: what it has started may still run."""
    return bool(owner.host) and owner.host == me.host and not _is_alive(owner)


def is_running(pid: int) -> bool:
    """Whether this host has a process of that id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def _is_alive(owner: Owner) -> bool:
    return is_running(owner.pid) and (not owner.began or _began(owner.pid) == owner.began)


def _began(pid: int) -> float:
    """When a process began, in ticks since its host did; 0 where the system does not show it."""
    with suppress(OSError, ValueError, IndexError):
        return float(_stat(pid)[_START_TIME])
    return 0.0


def _state(pid: int) -> str:
    """The state of a process; Z for one that has ended, and whose parent has not noticed."""
    with suppress(OSError, IndexError):
        return _stat(pid)[0]
    return ""


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _job(environment: Mapping[str, str]) -> tuple[str, int]:
    """The pipeline's run and its attempt. Sources: GitHub and GitLab, predefined variables."""
    if run := environment.get("GITHUB_RUN_ID"):
        attempt = environment.get("GITHUB_RUN_ATTEMPT", "")
        return f"github:{environment.get('GITHUB_REPOSITORY', '')}/{run}", int(attempt) if attempt.isdigit() else 0
    if pipeline := environment.get("CI_PIPELINE_ID"):
        job = environment.get("CI_JOB_ID", "")
        return f"gitlab:{environment.get('CI_PROJECT_PATH', '')}/{pipeline}", int(job) if job.isdigit() else 0
    return "", 0
