"""Who may go on with a rollout, and Pulumi's lock that a killed run leaves."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model_serving.delivery.rollout import stack_lock
from model_serving.delivery.rollout.owner import is_dead_here, lease_until, may_go_on, this_process
from model_serving.delivery.rollout.stack_lock import StackLock, locked_by, released
from model_serving.spec.rollout_record import Owner

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
ME = Owner("here", 7)
LATER = lease_until(NOW, 600)
JOB = "github:team/models/17"


@pytest.fixture
def ended() -> int:
    """The id of a process of this host that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("owner", "may"),
    [
        (Owner(), False),
        (Owner("elsewhere", 7, until=LATER), True),
        (Owner("elsewhere", 7, until=lease_until(NOW - timedelta(days=1), 600)), False),
        (Owner("elsewhere", 7, job=JOB, attempt=1, until=LATER), False),
        (Owner("elsewhere", 7, job=JOB, attempt=2, until=LATER), True),
        (Owner("elsewhere", 7, job="github:team/models/16", attempt=1, until=LATER), True),
        (Owner("here", os.getpid(), until=LATER), True),
        (Owner("here", os.getpid(), began=1.0, until=LATER), False),
    ],
    ids=["nobody", "lease", "lease is over", "earlier attempt", "same", "other run", "alive", "another process"],
)
def test_an_owner_may_go_on_until_it_has_ended(owner: Owner, *, may: bool) -> None:
    me = Owner(ME.host, ME.pid, job=JOB, attempt=2)
    assert may_go_on(owner, me, NOW) is may


def test_a_dead_owner_of_this_host_is_taken_over(ended: int) -> None:
    owner = Owner("here", ended, until=LATER)
    assert (may_go_on(owner, ME, NOW), is_dead_here(owner, ME)) == (False, True)
    assert not is_dead_here(Owner("elsewhere", ended), ME)


def test_a_lease_covers_an_extended_bake() -> None:
    assert datetime.fromisoformat(lease_until(NOW, 600)) - NOW > timedelta(minutes=45 + 20)


def test_this_process_is_known_by_its_job() -> None:
    github = this_process({"GITHUB_RUN_ID": "17", "GITHUB_REPOSITORY": "team/models", "GITHUB_RUN_ATTEMPT": "2"})
    assert (github.host, github.pid) == (socket.gethostname(), os.getpid())
    assert (github.job, github.attempt) == (JOB, 2)
    gitlab = this_process({"CI_PIPELINE_ID": "5", "CI_PROJECT_PATH": "team/models", "CI_JOB_ID": "81"})
    assert (gitlab.job, gitlab.attempt) == ("gitlab:team/models/5", 81)
    assert this_process({}).job == ""


MESSAGE = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete
  file:///state/.pulumi/locks/organization/model-serving/prod/1.json: created by root@{host} (pid {pid}) at 2026"""


def test_a_lock_is_read_from_pulumi_s_message() -> None:
    assert locked_by(MESSAGE.format(host="build-7", pid=123)) == StackLock("build-7", 123)
    assert locked_by("error: update failed") is None


def test_only_a_lock_of_this_host_is_removed(ended: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: list[str] = []
    monkeypatch.setattr(stack_lock, "run_pulumi", lambda command, *_: cancelled.append(command))
    said: list[str] = []
    assert not released(StackLock("elsewhere", ended), "prod", Path(), said.append)
    assert (cancelled, said) == ([], [])
    assert released(StackLock(socket.gethostname(), ended), "prod", Path(), said.append)
    assert cancelled == ["cancel"]
    assert said == [f"Removing the lock on stack prod that process {ended} of this host has left: it has ended\n"]


def test_a_surviving_pulumi_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_lock, "run_pulumi", lambda *_: None)
    monkeypatch.setattr(stack_lock, "_POLL_SECONDS", 0.05)
    said: list[str] = []
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.3)"]) as process:
        assert released(StackLock(socket.gethostname(), process.pid), "prod", Path(), said.append)
    assert "still works on stack prod: waiting for it" in said[0]
