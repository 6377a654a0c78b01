"""`make rehearsal`: one pull request from branch to drift, with the pipeline's own commands, on the real engine.

It plays on a stage of its own, in a git repository of its own (tests/support/sandbox.py): nothing of the user's is
read or changed, and no forge is needed; the comment is what a forge would show.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from demo.output import check, note, step, summary
from model_serving.delivery.forge import reviewed_digest
from tests.support.sandbox import PROJECT, Stage, stage

CANARY = ("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 75, challenger: 25}")
FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
_TAGS = "/api/2.0/serving-endpoints/fraud-scorer/tags"


@dataclass(frozen=True)
class Ran:
    status: int
    text: str


def main() -> int:
    started = time.monotonic()
    step("A project whose main branch is deployed, in a repository of its own")
    with stage("--ready-after", "0") as here:
        _found(here)
        _deploy_what_is_there(here)
        digest = _review(here)
        _refused_when_it_moved(here, digest)
        _merge_and_deploy(here, digest)
        _smoke(here)
        _drift(here)
        _dangerous(here)
    summary(f"Done in {time.monotonic() - started:.0f} s")
    return 0


def _found(here: Stage) -> None:
    (here.folder / ".gitignore").write_text("/.venv\n__pycache__/\n/*.md\n", encoding="utf-8")
    _git(here, "init", "--quiet", "--initial-branch", "main")
    _commit(here, "What is deployed")
    here.pulumi("stack", "init", "local")


def _deploy_what_is_there(here: Stage) -> None:
    ran = _review_command(here, "report", "--stack", "local", "--refresh", "--output", "first.md")
    check(ran.status == 2, f"A first deployment asks for approval: {ran}")  # noqa: PLR2004
    digest = reviewed_digest((here.folder / "first.md").read_text(encoding="utf-8"))
    ran = _review_command(here, "deploy", "--stack", "local", "--reviewed", digest)
    check(ran.status == 0, f"It is deployed: {ran}")
    note(f"Deployed as reviewed (digest {digest}): {', '.join(here.outputs()['endpoints'])}")


def _review(here: Stage) -> str:
    step("A branch moves traffic to the challenger, and is reviewed")
    _git(here, "switch", "--quiet", "--create", "canary")
    here.edit(*CANARY)
    _commit(here, "A quarter of the traffic for the challenger")
    before = here.workspace.writes()
    ran = _review_command(here, "check")
    check(ran.status == 0, f"The stack files have no mistake: {ran}")
    ran = _review_command(here, "stacks", "--changed-since", "main")
    check("local" in ran.text.split(), f"The stack is among the changed: {ran}")
    ran = _review_command(here, "report", "--stack", "local", "--refresh", "--output", "comment.md")
    check(ran.status == 2, f"The change asks for approval: {ran}")  # noqa: PLR2004
    check(here.workspace.writes() == before, "A review writes nothing")
    comment = (here.folder / "comment.md").read_text(encoding="utf-8")
    for line in comment.splitlines():
        note(f"| {line}")
    return reviewed_digest(comment)


def _refused_when_it_moved(here: Stage, digest: str) -> None:
    step("Somebody pushes another split after the review: what was approved is no longer what would be done")
    here.edit(CANARY[0], CANARY[2], "{champion: 0, challenger: 100}")
    before = here.workspace.writes()
    ran = _review_command(here, "deploy", "--stack", "local", "--reviewed", digest)
    check(ran.status == 1, f"The deployment is refused: {ran}")
    check(here.workspace.writes() == before, "A refused deployment writes nothing")
    note(ran.text.splitlines()[-1])
    here.edit(CANARY[0], "{champion: 0, challenger: 100}", CANARY[2])


def _merge_and_deploy(here: Stage, digest: str) -> None:
    step("It is approved, merged, and deployed as it was reviewed")
    _git(here, "switch", "--quiet", "main")
    _git(here, "merge", "--quiet", "--no-edit", "canary")
    before = here.workspace.writes()
    ran = _review_command(here, "deploy", "--stack", "local", "--reviewed", digest)
    check(ran.status == 0, f"It is deployed: {ran}")
    written = here.workspace.writes()[len(before) :]
    check(
        written == ["PUT /api/2.0/serving-endpoints/fraud-scorer/config"],
        f"One write, and it is the reviewed one: {written}",
    )
    note(f"The workspace saw: {', '.join(written)}")


def _smoke(here: Stage) -> None:
    step("Smoke: every endpoint answers")
    ran = _python(here, "-m", "model_serving", "smoke", "--stack", "local")
    check(ran.status == 0, f"Smoke passes: {ran.text}")
    for line in ran.text.splitlines():
        note(f"| {line}")


def _drift(here: Stage) -> None:
    step("At night: nothing has changed outside; then somebody changes a tag by hand")
    ran = _review_command(here, "report", "--stack", "local", "--refresh")
    check(ran.status == 0, f"No drift: {ran}")
    note(next(line for line in ran.text.splitlines() if line.startswith("╭")).strip("╭╮─ "))
    here.workspace.patch(_TAGS, {"add_tags": [{"key": "team", "value": "growth"}]})
    ran = _review_command(here, "report", "--stack", "local", "--refresh", "--output", "drift.md")
    comment = (here.folder / "drift.md").read_text(encoding="utf-8")
    check(ran.status == 2 and "| tags.team | `risk` | `growth` |" in comment, f"The drift is told: {comment}")  # noqa: PLR2004
    note("| tags.team | risk | growth |")
    here.pulumi("up", "--yes", "--skip-preview", "--refresh")


def _dangerous(here: Stage) -> None:
    step("Another branch flips route optimization: the review fails, and says why")
    _git(here, "switch", "--quiet", "--create", "flip")
    here.edit(*FLIP)
    before = here.workspace.writes()
    ran = _review_command(here, "report", "--stack", "local", "--refresh", "--output", "flip.md")
    comment = (here.folder / "flip.md").read_text(encoding="utf-8")
    check(ran.status == 1 and not reviewed_digest(comment), f"Nothing can be approved: {comment}")
    check(here.workspace.writes() == before, "A refused change makes no write")
    note(next(line for line in comment.splitlines() if line.startswith("## ")))


def _review_command(here: Stage, *arguments: str) -> Ran:
    """A command as the pipeline runs it, in the pull request's checkout."""
    note(f"$ python -m model_serving {' '.join(arguments)}")
    return _python(here, "-m", "model_serving", *arguments)


def _python(here: Stage, *arguments: str) -> Ran:
    environment = {**here.environment, "PYTHONPATH": str(PROJECT), "COLUMNS": "110"}
    return _run(here, [sys.executable, "-P", *arguments], environment)


def _git(here: Stage, *arguments: str) -> None:
    identity = {
        f"GIT_{role}_{what}": "author@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    ran = _run(here, ["git", *arguments], {**here.environment, **identity, **alone})
    check(ran.status == 0, f"git {' '.join(arguments)}: {ran.text}")


def _commit(here: Stage, message: str) -> None:
    _git(here, "add", "--all")
    _git(here, "commit", "--quiet", "--message", message)


def _run(here: Stage, command: list[str], environment: Mapping[str, str]) -> Ran:
    run = subprocess.run(
        command,
        cwd=here.folder,
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
