"""Play a story: its commands run in a sandbox, one after the other, and must print what its README says."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from demo.stories.read import Command, Edit, steps
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import PARTS, Sandbox

EXAMPLES = PROJECT / "examples"
_ADDRESS = "http://127.0.0.1:8787"
"""The workspace of `make workspace`, for which the sandbox's own stands."""

_SECONDS = 300
"""How long a command may take."""


class DifferentOutputError(Exception):
    """A command printed something else, or ended with another status, than the README says."""


def names() -> list[str]:
    """The stories by the names of their folders."""
    return sorted(file.parent.name for file in EXAMPLES.glob("*/README.md"))


def play(name: str, sandbox: Sandbox, show: Callable[[str], None]) -> None:
    """Play the story in a sandbox whose stack is empty. Raises DifferentOutputError.

    `show` gets each command with its output, and each edit.
    """
    story = EXAMPLES / name
    _copy_files(story, sandbox)
    for step in steps(story / "README.md"):
        if isinstance(step, Edit):
            show(step.patch)
            _apply(step, sandbox)
            continue
        output = _run(step, sandbox)
        show(f"$ {step.text}\n{output}")
        if not step.matches(output):
            raise DifferentOutputError(
                f"examples/{name}/README.md:{step.line}: $ {step.text}\nprinted:\n{output}\ninstead of:\n{step.printed}"
            )


def _copy_files(story: Path, sandbox: Sandbox) -> None:
    """Put the story's files into the project. Its stack files take the place of the project's, or its program does."""
    stacks = sandbox.folder / "stacks"
    if _has_program(story):
        for part in PARTS:
            path = sandbox.folder / part
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if (story / "stacks").is_dir():
        for file in stacks.glob("*.yaml"):
            file.unlink()
    shutil.copytree(
        story, sandbox.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("README.md", "__pycache__")
    )
    for file in stacks.glob("Pulumi.*.yaml"):
        text = file.read_text(encoding="utf-8").replace(_ADDRESS, sandbox.workspace.url)
        file.write_text(text, encoding="utf-8")


def _has_program(folder: Path) -> bool:
    """Whether a story's folder, or the sandbox that plays it, has a Pulumi program besides the project's."""
    return (folder / "Pulumi.yaml").exists() and not (folder / "model_serving").exists()


def _apply(edit: Edit, sandbox: Sandbox) -> None:
    command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(sandbox.folder.parent)}
    subprocess.run(command, cwd=sandbox.folder, input=edit.patch, text=True, check=True, env=outside)


def _run(command: Command, sandbox: Sandbox) -> str:
    environment = {
        **sandbox.environment,
        "PATH": os.pathsep.join([str(sandbox.folder / ".venv" / "bin"), sandbox.environment["PATH"]]),
        "PULUMI_SKIP_CONFIRMATIONS": "true",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    if _has_program(sandbox.folder):  # it imports the library as it is installed elsewhere, and has no stack files
        environment |= {"PYTHONPATH": str(PROJECT), "DATABRICKS_HOST": sandbox.workspace.url}
    run = subprocess.run(
        ["bash", "-c", command.text.replace(_ADDRESS, sandbox.workspace.url)],
        cwd=sandbox.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    output = run.stdout.replace(sandbox.workspace.url, _ADDRESS)
    return output + (f"[exit status {run.returncode}]\n" if run.returncode else "")
