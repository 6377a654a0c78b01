"""`model-serving rollback` on the real engine: at once, under load, and without the rest of the stack files."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.query_loop import query_loop
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

BEFORE, AFTER = "traffic: {champion: 95, challenger: 5}", "traffic: {champion: 0, challenger: 100}"
CONFIG = "PUT /api/2.0/serving-endpoints/fraud-scorer/config"
ISSUE_SECONDS = 60
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
        [sys.executable, "-m", "model_serving", *arguments, "--stack", "local"],
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


def split(sandbox: Sandbox) -> dict[str, Any]:
    live = sandbox.workspace.get("/api/2.0/serving-endpoints/fraud-scorer")
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
    assert "serves now:   challenger 100 % (main.ml.fraud version 8)" in ran.err
    assert "serves after: champion 95 % (main.ml.fraud version 7), challenger 5 % (main.ml.fraud version 8)" in ran.err

    git(moved, "checkout", "stacks/base.yaml")
    moved.edit("stacks/Pulumi.local.yaml", UNFINISHED, "")
    reviewed = command(moved, "review", "--format", "markdown")
    assert "`fraud-scorer` was rolled back, and this change undoes the rollback" in reviewed.out, reviewed.err
    git(moved, "apply", "rollback.patch")
    moved.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policies", "--expect-no-changes")
    again = command(moved, "review", "--format", "markdown")
    assert "was rolled back" not in again.out
