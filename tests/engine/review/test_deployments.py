"""The review on the real engine: recorded cases are up to date, and a pull request works from end to end."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import pull_request
from model_serving.cli.main import main as review
from model_serving.delivery.deploy import Outcome, deploy
from model_serving.delivery.promote import promotion
from tests.support.golden_cases import CASES, CASES_OF_REVIEW, Case, comment_on, record
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

pytestmark = pytest.mark.usefixtures("engine")

LIVE = (
    "first-deployment",
    "canary-step",
    "flipped-route-optimization",
    "deleted-endpoint",
    "failed-preview",
    "changed-outside",
)


@pytest.mark.parametrize("case", [case for case in CASES_OF_REVIEW if case.name in LIVE], ids=lambda case: case.name)
def test_engine_gives_the_golden_comment(case: Case, tmp_path: Path, snapshots: Snapshots) -> None:
    record(case, tmp_path, snapshots)
    assert comment_on(tmp_path) == (CASES / case.name / "comment.md").read_text(encoding="utf-8")


def test_pull_request_from_branch_to_drift(snapshots: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    assert pull_request.main(snapshots.initialized()) == 0
    printed = capsys.readouterr().out
    assert "Deployed as reviewed" in printed
    assert "The workspace received: PUT /api/2.0/serving-endpoints/fraud-scorer/config" in printed


@pytest.fixture
def in_its_shell(project: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The project, with its own environment in place of this process's."""
    return _enter(project, monkeypatch)


@pytest.fixture
def deployed_in_its_shell(deployed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The same, deployed."""
    return _enter(deployed, monkeypatch)


def _enter(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(sandbox.folder)
    return sandbox


def reviewed_and_deployed(project: Sandbox) -> Outcome:
    """What the pipeline does: the digest of one preview, deployed by another."""
    refused = deploy("local", project.folder, ["policies"], "")
    return deploy("local", project.folder, ["policies"], refused.report.digest)


def options_in_the_state(project: Sandbox, name: str) -> set[tuple[Any, Any]]:
    """`protect` and `retainOnDelete` of an endpoint and of its component."""
    state = json.loads(project.pulumi("stack", "export").text)["deployment"]["resources"]
    resources = [each for each in state if each["urn"].endswith(f"::{name}")]
    assert len(resources) == 2
    return {(each.get("protect", False), each.get("retainOnDelete", False)) for each in resources}


def test_protection_change_is_deployed_as_reviewed(deployed_in_its_shell: Sandbox) -> None:
    project = deployed_in_its_shell
    before = project.workspace.writes()
    safeguards = "      protect: true\n      retain_on_delete: true\n"
    for old, new, options in (("", safeguards, (True, True)), (safeguards, "", (False, False))):
        project.edit("stacks/base.yaml", f"      route_optimized: true\n{old}", f"      route_optimized: true\n{new}")
        outcome = reviewed_and_deployed(project)
        assert outcome.deployed, outcome.message
        assert [resource.key for resource in outcome.report.resources] == ["fraud-scorer"]
        assert options_in_the_state(project, "fraud-scorer") == {options}
        again = deploy("local", project.folder, ["policies"], "")
        assert (again.deployed, again.report.resources) == (True, ())
    assert project.workspace.writes() == before


def test_interrupted_deployment_can_be_resumed(in_its_shell: Sandbox) -> None:
    project = in_its_shell
    create = "POST /api/2.0/serving-endpoints"
    project.workspace.post("/_workspace/faults", {"pattern": create, "times": 3, "delay_seconds": 3})
    digest = deploy("local", project.folder, ["policies"], "").report.digest
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "model_serving", "deploy", "--stack", "local", "--reviewed", digest],
        cwd=project.folder,
        env={**project.environment, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as run:
        assert run.stderr is not None, "Its errors are a pipe"
        printed = "".join(_up_to("ModelServing .*creating", run.stderr))
        while project.workspace.get("/_workspace/faults")["faults"][0]["times"] == 3:
            assert run.poll() is None, "A creation is on its way, and its answer is delayed"
        os.killpg(run.pid, signal.SIGINT)
        printed += run.stderr.read()
    assert run.returncode == 130, printed
    assert "SIGINT received: waiting for `pulumi up` to finish what it has begun" in printed
    assert "Interrupted (SIGINT). Completed steps stay deployed" in printed
    assert not [*(Path(project.environment["PULUMI_HOME"]) / "state" / ".pulumi" / "locks").rglob("*.json")]
    state = json.loads(project.pulumi("stack", "export").text)["deployment"]
    assert not state.get("pending_operations")
    begun = project.workspace.writes().count(create)
    assert begun > 0
    outcome = reviewed_and_deployed(project)
    assert outcome.deployed, outcome.message
    assert project.workspace.writes().count(create) == 3
    assert deploy("local", project.folder, ["policies"], "").message.startswith("Nothing to deploy")


def test_stack_without_file_is_retired_as_reviewed(deployed_in_its_shell: Sandbox) -> None:
    project = deployed_in_its_shell
    file = project.folder / "stacks" / "Pulumi.local.yaml"
    for arguments in (["init", "-q", "-b", "main"], ["add", "stacks"], ["commit", "-qm", "x"]):
        subprocess.run(["git", *_AUTHOR, *arguments], cwd=project.folder, check=True)
    file.unlink()
    command = ["review", "--stack", "local", "--base", "main", "--format", "json", "--output", "report.json"]
    assert review(command) == 1
    (error,) = json.loads(Path("report.json").read_text(encoding="utf-8"))["stacks"][0]["errors"]
    assert "resources of it are in the state" in error
    commands = [line.split() for line in error.splitlines() if line.startswith("  ")]
    assert [command[:2] for command in commands] == [["git", "checkout"], ["pulumi", "destroy"], ["pulumi", "stack"]]
    for command_line in commands:
        answer = ["--yes", "--non-interactive"] if command_line[0] == "pulumi" else []
        subprocess.run([*command_line, *answer], cwd=project.folder, env=project.environment, check=True)
    assert project.workspace.get("/api/2.0/serving-endpoints") == {"endpoints": []}
    assert not file.exists()
    assert review(command) == 0


_AUTHOR = ("-c", "user.name=author", "-c", "user.email=author@example.com", "-c", "commit.gpgsign=false")


def _up_to(pattern: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines up to the first that matches, itself included."""
    for line in lines:
        yield line
        if re.search(pattern, line):
            return


def test_promotion_lists_what_is_not_deployed(deployed_in_its_shell: Sandbox) -> None:
    project = deployed_in_its_shell
    project.edit("stacks/base.yaml", 'version: "8"', 'version: "9"')
    text = (project.folder / "stacks" / "Pulumi.local.yaml").read_text(encoding="utf-8")
    following = text.replace("config:\n", "config:\n  model-serving:name_prefix: next-\n", 1)
    (project.folder / "stacks" / "Pulumi.next.yaml").write_text(following, encoding="utf-8")
    project.pulumi("stack", "init", "next")
    promoted = promotion("local", "next", project.folder, state=True)
    undeployed = {f"{each.stack}: {each.endpoint}": ", ".join(map(str, each.deployed)) for each in promoted.undeployed}
    was = "challenger main.ml.fraud v8 at 5 %, champion main.ml.fraud v7 at 95 %"
    assert undeployed == {
        "local: fraud-scorer": was,
        **dict.fromkeys(("next: fraud-scorer", "next: iris-classifier", "next: user-features"), ""),
    }
