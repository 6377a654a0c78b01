"""`make rehearsal`: one pull request from branch to drift, with the pipeline's own commands, on the real engine.

It runs in a sandbox, in a git repository of its own (tests/support/sandbox.py): nothing of the user's is
read or changed, and no forge is needed; the comment is what a forge would show.
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
class Ran:
    """The exit status and the output of a command."""

    status: int
    text: str


def main() -> int:
    """Play a pull request and return the exit status."""
    started = time.monotonic()
    step("A project whose main branch is deployed, in a repository of its own")
    with new_sandbox("--ready-after", "0") as sandbox:
        _found(sandbox)
        _deploy_what_is_there(sandbox)
        digest = _review(sandbox)
        _refused_when_it_moved(sandbox, digest)
        _merge_and_deploy(sandbox, digest)
        _smoke(sandbox)
        _drift(sandbox)
        _dangerous(sandbox)
    summary(f"Done in {time.monotonic() - started:.0f} s")
    return 0


def _found(sandbox: Sandbox) -> None:
    (sandbox.folder / ".gitignore").write_text("/.venv\n__pycache__/\n/*.md\n", encoding="utf-8")
    _git(sandbox, "init", "--quiet", "--initial-branch", "main")
    _commit(sandbox, "What is deployed")
    sandbox.pulumi("stack", "init", "local")


def _deploy_what_is_there(sandbox: Sandbox) -> None:
    ran = _review_command(sandbox, "review", "--stack", "local", "--refresh", "--output", "first.md")
    check(ran.status == 2, f"A first deployment asks for approval: {ran}")  # noqa: PLR2004
    digest = reviewed_digest((sandbox.folder / "first.md").read_text(encoding="utf-8"))
    ran = _review_command(sandbox, "deploy", "--stack", "local", "--reviewed", digest)
    check(ran.status == 0, f"It is deployed: {ran}")
    note(f"Deployed as reviewed (digest {digest}): {', '.join(sandbox.outputs()['endpoints'])}")


def _review(sandbox: Sandbox) -> str:
    step("A branch moves traffic to the challenger, and is reviewed")
    _git(sandbox, "switch", "--quiet", "--create", "canary")
    sandbox.edit(*CANARY)
    _commit(sandbox, "A quarter of the traffic for the challenger")
    before = sandbox.workspace.writes()
    ran = _review_command(sandbox, "check")
    check(ran.status == 0, f"The stack files have no mistake: {ran}")
    ran = _review_command(sandbox, "ci", "changed", "--changed-since", "main")
    check("local" in ran.text.split(), f"The stack is among the changed: {ran}")
    ran = _review_command(sandbox, "review", "--stack", "local", "--refresh", "--output", "comment.md")
    check(ran.status == 2, f"The change asks for approval: {ran}")  # noqa: PLR2004
    check(sandbox.workspace.writes() == before, "A review writes nothing")
    comment = (sandbox.folder / "comment.md").read_text(encoding="utf-8")
    for line in comment.splitlines():
        note(f"| {line}")
    return reviewed_digest(comment)


def _refused_when_it_moved(sandbox: Sandbox, digest: str) -> None:
    step("Somebody pushes another split after the review: what was approved is no longer what would be done")
    sandbox.edit(CANARY[0], CANARY[2], "{champion: 0, challenger: 100}")
    before = sandbox.workspace.writes()
    ran = _review_command(sandbox, "deploy", "--stack", "local", "--reviewed", digest)
    check(ran.status == 1, f"The deployment is refused: {ran}")
    check(sandbox.workspace.writes() == before, "A refused deployment writes nothing")
    note(ran.text.splitlines()[-1])
    sandbox.edit(CANARY[0], "{champion: 0, challenger: 100}", CANARY[2])


def _merge_and_deploy(sandbox: Sandbox, digest: str) -> None:
    step("It is approved, merged, and deployed as it was reviewed")
    _git(sandbox, "switch", "--quiet", "main")
    _git(sandbox, "merge", "--quiet", "--no-edit", "canary")
    before = sandbox.workspace.writes()
    ran = _review_command(sandbox, "deploy", "--stack", "local", "--reviewed", digest)
    check(ran.status == 0, f"It is deployed: {ran}")
    written = sandbox.workspace.writes()[len(before) :]
    check(
        written == ["PUT /api/2.0/serving-endpoints/fraud-scorer/config"],
        f"One write, and it is the reviewed one: {written}",
    )
    note(f"The workspace saw: {', '.join(written)}")


def _smoke(sandbox: Sandbox) -> None:
    step("Smoke: every endpoint answers")
    ran = _python(sandbox, "-m", "model_serving", "smoke", "--stack", "local")
    check(ran.status == 0, f"Smoke passes: {ran.text}")
    for line in ran.text.splitlines():
        note(f"| {line}")


def _drift(sandbox: Sandbox) -> None:
    step("At night: nothing has changed outside; then somebody changes a tag by hand")
    ran = _review_command(sandbox, "review", "--stack", "local", "--refresh")
    check(ran.status == 0, f"No drift: {ran}")
    note(next(line for line in ran.text.splitlines() if line.startswith("╭")).strip("╭╮─ "))
    sandbox.workspace.patch(_TAGS, {"add_tags": [{"key": "team", "value": "growth"}]})
    ran = _review_command(sandbox, "review", "--stack", "local", "--refresh", "--output", "drift.md")
    comment = (sandbox.folder / "drift.md").read_text(encoding="utf-8")
    check(ran.status == 2 and "| tags.team | `risk` | `growth` |" in comment, f"The drift is told: {comment}")  # noqa: PLR2004
    note("| tags.team | risk | growth |")
    sandbox.pulumi("up", "--yes", "--skip-preview", "--refresh")


def _dangerous(sandbox: Sandbox) -> None:
    step("Another branch flips route optimization: the review fails, and says why")
    _git(sandbox, "switch", "--quiet", "--create", "flip")
    sandbox.edit(*FLIP)
    before = sandbox.workspace.writes()
    ran = _review_command(sandbox, "review", "--stack", "local", "--refresh", "--output", "flip.md")
    comment = (sandbox.folder / "flip.md").read_text(encoding="utf-8")
    check(ran.status == 1 and not reviewed_digest(comment), f"Nothing can be approved: {comment}")
    check(sandbox.workspace.writes() == before, "A refused change makes no write")
    note(next(line for line in comment.splitlines() if line.startswith("## ")))


def _review_command(sandbox: Sandbox, *arguments: str) -> Ran:
    """A command as the pipeline runs it, in the pull request's checkout."""
    note(f"$ model-serving {' '.join(arguments)}")
    return _python(sandbox, "-m", "model_serving", *arguments)


def _python(sandbox: Sandbox, *arguments: str) -> Ran:
    environment = {**sandbox.environment, "PYTHONPATH": str(PROJECT), "COLUMNS": "110"}
    return _run(sandbox, [sys.executable, "-P", *arguments], environment)


def _git(sandbox: Sandbox, *arguments: str) -> None:
    identity = {
        f"GIT_{role}_{what}": "author@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    ran = _run(sandbox, ["git", *arguments], {**sandbox.environment, **identity, **alone})
    check(ran.status == 0, f"git {' '.join(arguments)}: {ran.text}")


def _commit(sandbox: Sandbox, message: str) -> None:
    _git(sandbox, "add", "--all")
    _git(sandbox, "commit", "--quiet", "--message", message)


def _run(sandbox: Sandbox, command: list[str], environment: Mapping[str, str]) -> Ran:
    run = subprocess.run(
        command,
        cwd=sandbox.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ran(run.returncode, run.stdout)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
