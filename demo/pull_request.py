"""`make demo-pull-request`: one pull request from branch to drift, with the pipeline's commands, on the real engine.

It runs in a sandbox (tests/support/sandbox.py) with its own git repository, and does not read or change the user's
files. It needs no forge; it prints the comment that a forge would show.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from demo.output import check, note, step, summary
from model_serving.review.render.markers import reviewed_digest
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox, new_sandbox

CANARY = ("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 75, challenger: 25}")
FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
_TAGS = "/api/2.0/serving-endpoints/fraud-scorer/tags"


@dataclass(frozen=True)
class Completed:
    """The exit status and the output of a command."""

    status: int
    text: str


def main() -> int:
    """Run the demo and return the exit status."""
    started = time.monotonic()
    step("Create a git repository, and deploy its main branch")
    with new_sandbox("--ready-after", "0") as sandbox:
        _create_repository(sandbox)
        _deploy_main(sandbox)
        digest = _review(sandbox)
        _reject_unreviewed(sandbox, digest)
        _merge_and_deploy(sandbox, digest)
        _smoke(sandbox)
        _drift(sandbox)
        _dangerous_change(sandbox)
    summary(f"Done in {time.monotonic() - started:.0f} s")
    return 0


def _create_repository(sandbox: Sandbox) -> None:
    (sandbox.folder / ".gitignore").write_text("/.venv\n__pycache__/\n/*.md\n", encoding="utf-8")
    _git(sandbox, "init", "--quiet", "--initial-branch", "main")
    _commit(sandbox, "Deployed state")
    sandbox.pulumi("stack", "init", "local")


def _deploy_main(sandbox: Sandbox) -> None:
    run = _model_serving(sandbox, "review", "--stack", "local", "--refresh", "--output", "first.md")
    check(run.status == 2, f"a first deployment needs approval: {run}")  # noqa: PLR2004
    digest = reviewed_digest((sandbox.folder / "first.md").read_text(encoding="utf-8"))
    run = _model_serving(sandbox, "deploy", "--stack", "local", "--reviewed", digest)
    check(run.status == 0, f"the deployment succeeds: {run}")
    note(f"Deployed as reviewed (digest {digest}): {', '.join(sandbox.outputs()['endpoints'])}")


def _review(sandbox: Sandbox) -> str:
    step("Review a branch that moves traffic to the challenger")
    _git(sandbox, "switch", "--quiet", "--create", "canary")
    sandbox.edit(*CANARY)
    _commit(sandbox, "Send a quarter of the traffic to the challenger")
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, "check")
    check(run.status == 0, f"the stack files are valid: {run}")
    run = _model_serving(sandbox, "ci", "changed", "--changed-since", "main")
    check("local" in run.text.split(), f"the stack is listed as changed: {run}")
    run = _model_serving(sandbox, "review", "--stack", "local", "--refresh", "--output", "comment.md")
    check(run.status == 2, f"the change needs approval: {run}")  # noqa: PLR2004
    check(sandbox.workspace.writes() == before, "a review makes no write")
    comment = (sandbox.folder / "comment.md").read_text(encoding="utf-8")
    for line in comment.splitlines():
        note(f"| {line}")
    return reviewed_digest(comment)


def _reject_unreviewed(sandbox: Sandbox, digest: str) -> None:
    step("Change the traffic again after the review: the deployment is rejected")
    sandbox.edit(CANARY[0], CANARY[2], "{champion: 0, challenger: 100}")
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, "deploy", "--stack", "local", "--reviewed", digest)
    check(run.status == 2, f"the deployment needs another approval: {run}")  # noqa: PLR2004
    check(sandbox.workspace.writes() == before, "a rejected deployment makes no write")
    note(next(line for line in run.text.splitlines() if line.startswith("Not deployed")))
    sandbox.edit(CANARY[0], "{champion: 0, challenger: 100}", CANARY[2])


def _merge_and_deploy(sandbox: Sandbox, digest: str) -> None:
    step("Merge the approved branch, and deploy what was reviewed")
    _git(sandbox, "switch", "--quiet", "main")
    _git(sandbox, "merge", "--quiet", "--no-edit", "canary")
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, "deploy", "--stack", "local", "--reviewed", digest)
    check(run.status == 0, f"the deployment succeeds: {run}")
    written = sandbox.workspace.writes()[len(before) :]
    check(
        written == ["PUT /api/2.0/serving-endpoints/fraud-scorer/config"],
        f"the only write is the reviewed one: {written}",
    )
    note(f"The workspace received: {', '.join(written)}")


def _smoke(sandbox: Sandbox) -> None:
    step("Send the smoke requests")
    run = _python(sandbox, "-m", "model_serving", "smoke", "--stack", "local")
    check(run.status == 0, f"every smoke request passes: {run.text}")
    for line in run.text.splitlines():
        note(f"| {line}")


def _drift(sandbox: Sandbox) -> None:
    step("Detect drift after a tag was changed in the workspace")
    run = _model_serving(sandbox, "review", "--stack", "local", "--refresh")
    check(run.status == 0, f"there is no drift before: {run}")
    note(next(line for line in run.text.splitlines() if line.startswith("╭")).strip("╭╮─ "))
    sandbox.workspace.patch(_TAGS, {"add_tags": [{"key": "team", "value": "growth"}]})
    run = _model_serving(sandbox, "review", "--stack", "local", "--refresh", "--output", "drift.md")
    comment = (sandbox.folder / "drift.md").read_text(encoding="utf-8")
    check(run.status == 2 and "| tags.team | `risk` | `growth` |" in comment, f"the drift is reported: {comment}")  # noqa: PLR2004
    note("| tags.team | risk | growth |")
    sandbox.pulumi("up", "--yes", "--skip-preview", "--refresh")


def _dangerous_change(sandbox: Sandbox) -> None:
    step("Review a branch that switches off route optimization: the review fails")
    _git(sandbox, "switch", "--quiet", "--create", "flip")
    sandbox.edit(*FLIP)
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, "review", "--stack", "local", "--refresh", "--output", "flip.md")
    comment = (sandbox.folder / "flip.md").read_text(encoding="utf-8")
    check(run.status == 1 and not reviewed_digest(comment), f"the change cannot be approved: {comment}")
    check(sandbox.workspace.writes() == before, "a rejected change makes no write")
    note(next(line for line in comment.splitlines() if line.startswith("## ")))


def _model_serving(sandbox: Sandbox, *arguments: str) -> Completed:
    """Run a command of the pipeline in the sandbox."""
    note(f"$ model-serving {' '.join(arguments)}")
    return _python(sandbox, "-m", "model_serving", *arguments)


def _python(sandbox: Sandbox, *arguments: str) -> Completed:
    environment = {**sandbox.environment, "PYTHONPATH": str(PROJECT), "COLUMNS": "110"}
    return _run(sandbox, [sys.executable, "-P", *arguments], environment)


def _git(sandbox: Sandbox, *arguments: str) -> None:
    identity = {
        f"GIT_{role}_{what}": "author@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    run = _run(sandbox, ["git", *arguments], {**sandbox.environment, **identity, **isolated})
    check(run.status == 0, f"git {' '.join(arguments)} succeeds: {run.text}")


def _commit(sandbox: Sandbox, message: str) -> None:
    _git(sandbox, "add", "--all")
    _git(sandbox, "commit", "--quiet", "--message", message)


def _run(sandbox: Sandbox, command: list[str], environment: Mapping[str, str]) -> Completed:
    process = subprocess.run(
        command,
        cwd=sandbox.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Completed(process.returncode, process.stdout)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
