"""A plan that is not the approved one is not deployed; its own digest is the way on."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from model_serving.review.plan.state_secrets import state_secrets
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

pytestmark = pytest.mark.usefixtures("engine")

BASE = "stacks/base.yaml"
BY_ALIAS = (
    BASE,
    'champion: {entity: main.ml.fraud, version: "7"',
    "champion: {entity: main.ml.fraud@Champion, environment_vars: {MODE: planted-one}",
)
ALIAS = "/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion"


def run(project: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [project.python, "-P", "-m", "model_serving", *arguments, "--stack", "local"],
        cwd=project.folder,
        env={**project.environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


def reported(file: Path) -> dict[str, Any]:
    (stack,) = json.loads(file.read_text(encoding="utf-8"))["stacks"]
    assert isinstance(stack, dict)
    return stack


def test_overtaken_plans_are_refused_and_have_a_way_on(snapshots: Snapshots, tmp_path: Path) -> None:
    with snapshots.deployed() as project:
        review, now = tmp_path / "review.json", tmp_path / "now.json"

        def deploy(digest: str, compare: Path = review) -> subprocess.CompletedProcess[str]:
            return run(project, "deploy", "--reviewed", digest, "--compare", str(compare), "--output", str(now))

        project.edit(*BY_ALIAS)
        project.edit(BASE, "{champion: 95, challenger: 5}", "{champion: 75, challenger: 25}")
        assert run(project, "review", "--refresh", "--output", str(review)).returncode == 2
        approved = reported(review)["digest"]
        before = project.workspace.writes()
        # Another pull request is merged first, and changes a value that reports hide.
        project.edit(BASE, "planted-one", "planted-two")
        overtaken = deploy(approved)
        assert (overtaken.returncode, project.workspace.writes()) == (2, before)
        assert f"Not deployed: the plan is not the approved one: {BASE} differs\n" in overtaken.stdout
        assert "planted" not in overtaken.stdout + overtaken.stderr + now.read_text(encoding="utf-8")

        report = now.rename(tmp_path / "overtaken.json")
        project.workspace.put(ALIAS, {"version_num": 8})
        before = project.workspace.writes()
        moved = deploy(reported(report)["digest"], report)
        assert (moved.returncode, project.workspace.writes()) == (2, before)
        assert "the approved one: the plan differs\n" in moved.stdout

        # What a plan covers of the secrets in the state doesn't change by reading it.
        first, second = (state_secrets(json.loads(project.pulumi("stack", "export").text)) for _ in range(2))
        assert first == second != ""

        done = deploy(reported(now)["digest"])
        assert (done.returncode, "Deployed as reviewed" in done.stdout) == (0, True), done
        assert len(project.workspace.writes()) > len(before)
