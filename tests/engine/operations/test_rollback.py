"""`model-serving rollback` on the real engine: at once, under load, and without the rest of the stack files."""

import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.resource_types import ROLLED_BACK
from tests.support.query_loop import query_loop
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

BEFORE, AFTER = "traffic: {champion: 95, challenger: 5}", "traffic: {champion: 0, challenger: 100}"
CONFIG = "PUT /api/2.0/serving-endpoints/fraud-scorer/config"
ISSUE_SECONDS = 60
IDENTITY = {f"GIT_{role}_{part}": "a@b" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
UNFINISHED = """\
    unfinished:
      served_entities:
        only: {entity: main.ml.none, version: "1"}
"""


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str
    seconds: float


def command(sandbox: Sandbox, *arguments: str, **environment: str) -> Ran:
    began = time.monotonic()
    run = subprocess.run(
        [sandbox.python, "-m", "model_serving", *arguments, "--stack", "local"],
        cwd=sandbox.folder,
        env={**sandbox.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(run.returncode, run.stdout, run.stderr, time.monotonic() - began)


def git(sandbox: Sandbox, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    ran = subprocess.run(["git", *identity, *arguments], cwd=sandbox.folder, check=True, capture_output=True, text=True)
    return ran.stdout


def split(sandbox: Sandbox, name: str = "fraud-scorer") -> dict[str, Any]:
    live = sandbox.workspace.get(f"/api/2.0/serving-endpoints/{name}")
    return {
        each["served_model_name"]: each["traffic_percentage"] for each in live["config"]["traffic_config"]["routes"]
    }


@pytest.fixture
def moved(snapshots: Snapshots) -> Iterator[Sandbox]:
    """A deployed stack whose traffic was moved by its last commit."""
    with snapshots.deployed(("stacks/base.yaml", BEFORE, AFTER), policies=False) as sandbox:
        git(sandbox, "init", "--quiet", "--initial-branch=main")
        sandbox.edit("stacks/base.yaml", AFTER, BEFORE)
        for subject, old, new in (("Declare", BEFORE, BEFORE), ("Move all traffic", BEFORE, AFTER)):
            sandbox.edit("stacks/base.yaml", old, new)
            git(sandbox, "add", "stacks")
            git(sandbox, "commit", "--quiet", "-m", subject)
        yield sandbox


def test_a_rollback_under_load_loses_no_request(moved: Sandbox) -> None:
    # Merged, and not deployed: an endpoint that no preflight would accept, and another version of a live entity.
    moved.edit("stacks/base.yaml", 'version: "8"', 'version: "9"')
    moved.edit("stacks/Pulumi.local.yaml", "    iris-classifier:\n", f"{UNFINISHED}    iris-classifier:\n")
    written = len(moved.workspace.writes())
    outputs = moved.outputs()
    with query_loop(moved, "fraud-scorer") as loop:
        loop.wait(1)
        ran = command(moved, "rollback", "fraud-scorer", "--yes", "--patch", "rollback.patch")
        done = time.monotonic()
        loop.wait(2)
    assert ran.status == 0, ran.err
    assert ran.seconds < ISSUE_SECONDS
    assert set(loop.statuses) == {200}
    assert loop.served(done)["champion"] > loop.served(done)["challenger"]
    assert moved.workspace.writes()[written:] == [CONFIG]
    assert split(moved) == {"champion": 95, "challenger": 5}
    assert moved.outputs() == outputs
    assert "serves now:   challenger 100 % (main.ml.fraud v8)" in ran.err
    assert "serves after: champion 95 % (main.ml.fraud v7), challenger 5 % (main.ml.fraud v8)" in ran.err

    git(moved, "checkout", "stacks/base.yaml")
    moved.edit("stacks/Pulumi.local.yaml", UNFINISHED, "")
    reviewed = command(moved, "review", "--format", "markdown")
    assert "`fraud-scorer` was rolled back, and this change undoes the rollback" in reviewed.out, reviewed.err
    git(moved, "apply", "rollback.patch")
    moved.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policies", "--expect-no-changes")
    assert ROLLED_BACK not in moved.pulumi("stack", "export").text


MIGRATED = "    fraud-scorer:\n      name: fraud-scorer-2\n      predecessor: {name: fraud-scorer}\n"


def test_a_predecessor_goes_back_with_its_endpoint(snapshots: Snapshots) -> None:
    with snapshots.deployed(policies=False) as sandbox:
        sandbox.edit("stacks/base.yaml", "    fraud-scorer:\n", MIGRATED)
        sandbox.pulumi("up", "--yes", "--skip-preview")
        sandbox.edit("stacks/base.yaml", BEFORE, AFTER)
        sandbox.pulumi("up", "--yes", "--skip-preview")
        outputs, written = sandbox.outputs(), len(sandbox.workspace.writes())
        to = ("--to", "champion=95,challenger=5")
        ran = command(sandbox, "rollback", "fraud-scorer", *to, "--yes", "--patch", "rollback.patch")
        assert ran.status == 0, ran.err
        assert "predecessor:  fraud-scorer serves the same, and goes back with it" in ran.err
        other = CONFIG.replace("fraud-scorer", "fraud-scorer-2")
        assert sorted(sandbox.workspace.writes()[written:]) == sorted([CONFIG, other])
        assert split(sandbox) == split(sandbox, "fraud-scorer-2") == {"champion": 95, "challenger": 5}
        assert sandbox.outputs() == outputs
        git(sandbox, "init", "--quiet")
        git(sandbox, "apply", "rollback.patch")
        sandbox.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


ROLLOUT = """\
      traffic: {champion: 0, challenger: 100}
      rollout: {steps: [25, 50], bake: 10m}
      protect: true
"""


@contextmanager
def running_rollout(sandbox: Sandbox) -> Iterator["subprocess.Popen[str]"]:
    """A rollout that bakes at its first step, until it is stopped."""
    process = subprocess.Popen(
        [sys.executable, "-m", "model_serving", "rollout", "--stack", "local", "--yes"],
        cwd=sandbox.folder,
        env=dict(sandbox.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if "fraud-scorer bakes at 25 %" in line:
                break
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_running_rollout_is_ended(snapshots: Snapshots) -> None:
    start = ROLLOUT.replace("champion: 0, challenger: 100", "champion: 100, challenger: 0")
    with snapshots.deployed(("stacks/base.yaml", f"      {BEFORE}\n", start), policies=False) as sandbox:
        sandbox.edit("stacks/base.yaml", start, ROLLOUT)
        git(sandbox, "init", "--quiet", "--initial-branch=main")
        git(sandbox, "add", "stacks")
        git(sandbox, "commit", "--quiet", "-m", "Move all traffic")
        (sandbox.folder / "notes.txt").write_text("not of this commit")
        git(sandbox, "add", "notes.txt")
        with running_rollout(sandbox):
            assert split(sandbox) == {"champion": 75, "challenger": 25}
            ran = command(sandbox, "rollback", "fraud-scorer", "--yes", "--commit", **IDENTITY)
        assert ran.status == 0, ran.err
        assert "is running: it stops at its next step" in ran.err
        assert split(sandbox) == {"champion": 100, "challenger": 0}
        assert git(sandbox, "show", "--format=%s", "--name-only", "HEAD").split("\n\n") == [
            "Roll back fraud-scorer of local to champion 100 %",
            "stacks/Pulumi.local.yaml\n",
        ]
        assert git(sandbox, "status", "--porcelain").splitlines()[0] == "A  notes.txt"
        again = command(sandbox, "rollback", "fraud-scorer", "--yes")
        assert again.status == 1
        assert again.err.startswith("Nothing to roll back: fraud-scorer is back at champion 100 % already, since ")
        sandbox.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policies", "--expect-no-changes")


def test_a_version_goes_back_after_a_dead_run(snapshots: Snapshots) -> None:
    with snapshots.deployed(policies=False) as sandbox:
        # Somebody has updated it outside of the stack, and a killed run has left its lock.
        live = sandbox.workspace.get("/api/2.0/serving-endpoints/iris-classifier")
        (entity,) = live["config"]["served_entities"]
        update = {name: entity[name] for name in ("name", "entity_name", "workload_size", "scale_to_zero_enabled")}
        config = {"served_entities": [update | {"entity_version": "1"}]}
        sandbox.workspace.put("/api/2.0/serving-endpoints/iris-classifier/config", config)
        lock(sandbox)
        ran = command(sandbox, "rollback", "iris-classifier", "--to", "2", "--yes", "--json")
        assert ran.status == 0, ran.err
        assert "Pulumi's state differs from what iris-classifier serves" in ran.err
        assert "Removing the lock on stack local that process" in ran.err
        (entity,) = sandbox.workspace.get("/api/2.0/serving-endpoints/iris-classifier")["config"]["served_entities"]
        assert entity["entity_version"] == "2"
        assert json.loads(ran.out)["patch"] == ""
        ran = command(sandbox, "rollback", "iris-classifier", "--to", "1", "--yes", "--patch", "back.patch")
        assert ran.status == 0, ran.err
        assert "takes:        minutes, since current must be deployed first" in ran.err
        git(sandbox, "init", "--quiet")
        git(sandbox, "apply", "back.patch")
        sandbox.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def lock(sandbox: Sandbox) -> None:
    """Leave the lock of a process of this host that has ended, as `kill -9` does."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    state = Path(sandbox.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    folder = state / ".pulumi" / "locks" / "organization" / "model-serving" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"pid": ended.pid, "username": "a", "hostname": socket.gethostname(), "timestamp": "2026-11-21T20:00:00Z"}
    (folder / f"{uuid.uuid4()}.json").write_text(json.dumps(content))
