"""`make demo-pull-request`: one pull request from branch to drift, with the pipeline's commands, on the real engine.

Three identities take part: an author without any credentials, a reviewer that may view the endpoints and has no
passphrase, and a deployer. It runs in a sandbox (tests/support/sandbox.py) with its own git repository, and does not
read or change the user's files. It needs no forge; it prints the comment that a forge would show.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.output import check, note, step, summary
from model_serving.review.render.markers import reviewed_digest
from tests.support.identities import access_list, entry, new_identity
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox, new_sandbox

CANARY = ("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 75, challenger: 25}")
FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
_LOCAL = "stacks/Pulumi.local.yaml"
_PERMISSIONS = (
    ("stacks/base.yaml", "- {group: ml-engineers, level: CAN_MANAGE}"),
    (_LOCAL, "- {group: ml-engineers, level: CAN_QUERY}"),
    (_LOCAL, "- {service_principal: checkout, level: CAN_QUERY}"),
)
_FRAUD = "/api/2.0/serving-endpoints/fraud-scorer"


@dataclass(frozen=True)
class Completed:
    """The exit status and the output of a command."""

    status: int
    text: str


@dataclass(frozen=True)
class Shell:
    """The shell of one of those who take part: the environment of its commands."""

    name: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class People:
    """Those who take part."""

    author: Shell
    reviewer: Shell
    deployer: Shell


def main(opened: AbstractContextManager[Sandbox] | None = None) -> int:
    """Run the demo, in a new sandbox or in one whose stack `local` is empty, and return the exit status."""
    started = time.monotonic()
    step("Create a git repository and three identities: an author, a reviewer, a deployer")
    with opened or _empty_stack() as sandbox:
        people = _people(sandbox)
        _create_repository(sandbox)
        _deploy_main(sandbox, people)
        digest = _review(sandbox, people)
        _reject_unreviewed(sandbox, people, digest)
        _merge_and_deploy(sandbox, people, digest)
        _smoke(sandbox, people)
        _drift(sandbox, people)
        _dangerous_change(sandbox, people)
    summary(f"Done in {time.monotonic() - started:.0f} s")
    return 0


@contextmanager
def _empty_stack() -> Iterator[Sandbox]:
    with new_sandbox("--ready-after", "0") as sandbox:
        sandbox.pulumi("stack", "init", "local")
        yield sandbox


def _people(sandbox: Sandbox) -> People:
    """The three identities, declared in the stack's file: who deploys, and who may view each endpoint."""
    reviewer, deployer = (
        new_identity(sandbox.workspace, "reviewer"),
        # An administrator, because the stack creates a service principal for its caller.
        new_identity(sandbox.workspace, "deployer", admin=True),
    )
    view = f"- {{service_principal: {reviewer.application_id}, level: CAN_VIEW}}"
    for file, declared in _PERMISSIONS:
        sandbox.edit(file, declared, f"{declared}\n        {view}")
    host = f"databricks:host: {sandbox.workspace.url}\n"
    sandbox.edit(_LOCAL, host, f"{host}  model-serving:deployer: {deployer.application_id}\n")
    without = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "DATABRICKS_TOKEN")
    environment = sandbox.environment
    note("author: no credentials, no state, no passphrase")
    note("reviewer: CAN_VIEW on each endpoint and the address of the state; no administrator, no passphrase")
    note("deployer: declared as model-serving:deployer; has the passphrase")
    return People(
        Shell("author", {name: value for name, value in environment.items() if name not in without}),
        Shell("reviewer", reviewer.shell(environment, passphrase=False)),
        Shell("deployer", deployer.shell(environment)),
    )


def _create_repository(sandbox: Sandbox) -> None:
    (sandbox.folder / ".gitignore").write_text("/.venv\n__pycache__/\n/*.md\n", encoding="utf-8")
    _git(sandbox, "init", "--quiet", "--initial-branch", "main")
    _commit(sandbox, "Deployed state")


def _deploy_main(sandbox: Sandbox, people: People) -> None:
    step("Review and deploy the main branch")
    run = _model_serving(sandbox, people.reviewer, "review", "--stack", "local", "--refresh", "--output", "first.md")
    check(run.status == 2, f"a first deployment needs approval: {run}")  # noqa: PLR2004
    digest = reviewed_digest((sandbox.folder / "first.md").read_text(encoding="utf-8"))
    run = _model_serving(sandbox, people.deployer, "deploy", "--stack", "local", "--reviewed", digest)
    check(run.status == 0, f"the deployment succeeds: {run}")
    note(f"Deployed as reviewed (digest {digest}): {', '.join(sandbox.outputs()['endpoints'])}")


def _review(sandbox: Sandbox, people: People) -> str:
    step("Review a branch that moves traffic to the challenger")
    _git(sandbox, "switch", "--quiet", "--create", "canary")
    sandbox.edit(*CANARY)
    _commit(sandbox, "Send a quarter of the traffic to the challenger")
    before, state = sandbox.workspace.writes(), _state(sandbox)
    run = _model_serving(sandbox, people.author, "check")
    check(run.status == 0, f"the stack files are valid: {run}")
    run = _model_serving(sandbox, people.author, "review", "--stack", "local", "--refresh")
    check(run.status == 1, f"the author can't review: {run}")
    run = _model_serving(sandbox, people.reviewer, "ci", "changed", "--changed-since", "main")
    check("local" in run.text.split(), f"the stack is listed as changed: {run}")
    run = _model_serving(sandbox, people.reviewer, "review", "--stack", "local", "--refresh", "--output", "comment.md")
    check(run.status == 2, f"the change needs approval: {run}")  # noqa: PLR2004
    check(sandbox.workspace.writes() == before, "a review makes no write")
    check(_state(sandbox) == state, "a review leaves the state as it is")
    comment = (sandbox.folder / "comment.md").read_text(encoding="utf-8")
    for line in comment.splitlines():
        note(f"| {line}")
    return reviewed_digest(comment)


def _reject_unreviewed(sandbox: Sandbox, people: People, digest: str) -> None:
    step("Change the traffic again after the review: the deployment is rejected")
    sandbox.edit(CANARY[0], CANARY[2], "{champion: 0, challenger: 100}")
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, people.deployer, "deploy", "--stack", "local", "--reviewed", digest)
    check(run.status == 2, f"the deployment needs another approval: {run}")  # noqa: PLR2004
    check(sandbox.workspace.writes() == before, "a rejected deployment makes no write")
    note(next(line for line in run.text.splitlines() if line.startswith("Not deployed")))
    sandbox.edit(CANARY[0], "{champion: 0, challenger: 100}", CANARY[2])


def _merge_and_deploy(sandbox: Sandbox, people: People, digest: str) -> None:
    step("Merge the approved branch, and deploy what was reviewed")
    _git(sandbox, "switch", "--quiet", "main")
    _git(sandbox, "merge", "--quiet", "--no-edit", "canary")
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, people.deployer, "deploy", "--stack", "local", "--reviewed", digest)
    check(run.status == 0, f"the deployment succeeds: {run}")
    written = sandbox.workspace.writes()[len(before) :]
    check(
        written == ["PUT /api/2.0/serving-endpoints/fraud-scorer/config"],
        f"the only write is the reviewed one: {written}",
    )
    note(f"The workspace received: {', '.join(written)}")


def _smoke(sandbox: Sandbox, people: People) -> None:
    step("Send the smoke requests")
    run = _python(sandbox, people.deployer, "-m", "model_serving", "smoke", "--stack", "local")
    check(run.status == 0, f"every smoke request passes: {run.text}")
    for line in run.text.splitlines():
        note(f"| {line}")


def _drift(sandbox: Sandbox, people: People) -> None:
    step("Compare the workspace with the stack file every night, as the reviewer")
    run = _model_serving(sandbox, people.reviewer, "drift", "--stack", "local")
    check(run.status == 0, f"there is no drift before: {run}")
    note(run.text.splitlines()[-1])
    note("Someone changes a tag in the workspace, and lets everybody query the endpoint")
    workspace = sandbox.workspace
    workspace.patch(f"{_FRAUD}/tags", {"add_tags": [{"key": "team", "value": "growth"}]})
    grant = {"access_control_list": [entry("users", "CAN_QUERY")]}
    workspace.patch(access_list(workspace.get(_FRAUD)["id"]), grant)
    run = _model_serving(sandbox, people.reviewer, "drift", "--stack", "local", "--output", "drift.md")
    comment = (sandbox.folder / "drift.md").read_text(encoding="utf-8")
    drifted = [line for line in comment.splitlines() if "`tags.team`" in line or "`permissions.group users`" in line]
    check(run.status == 2 and len(drifted) == 2, f"the drift is reported: {comment}")  # noqa: PLR2004
    for line in drifted:
        note(f"| {line.strip()}")
    before = workspace.writes()
    run = _model_serving(sandbox, people.deployer, "drift", "--stack", "local", "--revert", "--yes")
    check(run.status == 0, f"both are restored: {run}")
    note(f"The workspace received: {', '.join(workspace.writes()[len(before) :])}")
    check("users" not in str(workspace.get(access_list(workspace.get(_FRAUD)["id"]))), "the grant is removed")


def _dangerous_change(sandbox: Sandbox, people: People) -> None:
    step("Review a branch that switches off route optimization: the review fails")
    _git(sandbox, "switch", "--quiet", "--create", "flip")
    sandbox.edit(*FLIP)
    before = sandbox.workspace.writes()
    run = _model_serving(sandbox, people.reviewer, "review", "--stack", "local", "--refresh", "--output", "flip.md")
    comment = (sandbox.folder / "flip.md").read_text(encoding="utf-8")
    check(run.status == 1 and not reviewed_digest(comment), f"the change cannot be approved: {comment}")
    check(sandbox.workspace.writes() == before, "a rejected change makes no write")
    note(next(line for line in comment.splitlines() if line.startswith("## ")))


def _state(sandbox: Sandbox) -> list[bytes]:
    """The files of the stack's state."""
    kept = Path(sandbox.environment["PULUMI_HOME"]) / "state" / ".pulumi" / "stacks"
    return [file.read_bytes() for file in sorted(kept.rglob("*")) if file.is_file()]


def _model_serving(sandbox: Sandbox, shell: Shell, *arguments: str) -> Completed:
    """Run a command of the pipeline in the sandbox."""
    note(f"{shell.name} $ model-serving {' '.join(arguments)}")
    return _python(sandbox, shell, "-m", "model_serving", *arguments)


def _python(sandbox: Sandbox, shell: Shell, *arguments: str) -> Completed:
    # A sandbox of the tests has modules that precede those of the virtual environment.
    path = os.pathsep.join(filter(None, (shell.environment.get("PYTHONPATH"), str(PROJECT))))
    environment = {**shell.environment, "PYTHONPATH": path, "COLUMNS": "110"}
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
