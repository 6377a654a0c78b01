"""Stand-ins for the third-party actions that our workflows use."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.running_workspace import PROJECT
from tests.support.warm_python.environment import warm_environment
from tests.support.workflow_runner.documents import WorkflowError, known
from tests.support.workflow_runner.repository import Repository, git
from tests.support.workflow_runner.steps import Action, Machine, StepFailed

_TOMORROW: Final = 86_400


def stand_ins(repository: Repository, compiled: Path) -> Mapping[str, Action]:
    """The stand-ins by name. The checkout is one of that repository; `compiled` is what earlier jobs compiled of it."""

    def checkout(machine: Machine, inputs: Mapping[str, str], contexts: Mapping[str, Any]) -> None:
        known(inputs, ("fetch-depth", "persist-credentials", "ref"), "actions/checkout")
        if inputs.get("persist-credentials") != "false":
            raise WorkflowError("actions/checkout: persist-credentials must be false")
        depth = int(inputs.get("fetch-depth", "1"))
        folder = machine.workspace
        git(folder, "init", "--quiet", ".")
        git(folder, "remote", "add", "origin", repository.origin.as_uri())
        wanted = inputs.get("ref") or contexts["github"]["sha"]
        refs = [wanted] if depth else [wanted, "+refs/heads/*:refs/remotes/origin/*"]
        git(folder, "fetch", "--quiet", *([f"--depth={depth}"] if depth else []), "origin", *refs)
        git(folder, "checkout", "--quiet", "--detach", wanted)
        if compiled.is_dir():
            shutil.copytree(compiled, folder, dirs_exist_ok=True)
        _date_by_content(folder)
        provide_tools(folder)

    return {
        "actions/checkout": checkout,
        "actions/setup-python": _setup_python,
        "actions/upload-artifact": _upload_artifact,
        "github/codeql-action/upload-sarif": _upload_sarif,
        "pulumi/actions": _pulumi,
    }


def _date_by_content(folder: Path) -> None:
    """Give each Python file a time that follows from its content: what was compiled for an earlier job fits then."""
    for line in git(folder, "ls-files", "--stage", "*.py").splitlines():
        description, _, name = line.partition("\t")
        if (file := folder / name).is_file():
            os.utime(file, (int(description.split()[1][:7], 16),) * 2)


def keep_compiled(workspace: Path, compiled: Path) -> None:
    """Keep the compiled modules of a job for the next ones."""
    for parent, folders, _ in os.walk(workspace):
        folders[:] = [each for each in folders if each not in {".venv", ".local", ".git"}]
        if "__pycache__" in folders:
            source = Path(parent, "__pycache__")
            shutil.copytree(source, compiled / source.relative_to(workspace), dirs_exist_ok=True)
            folders.remove("__pycache__")


def provide_tools(folder: Path) -> None:
    """A virtual environment and the checkout's engine in that folder, so that `make setup` has nothing to install."""
    environment = folder / ".venv"
    environment.mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (environment / part).symlink_to(warm_environment() / part)
    ready = environment / ".ready"
    ready.touch()
    # Newer than every requirements.txt, or make would install into the environment of the checkout.
    os.utime(ready, (time.time() + _TOMORROW,) * 2)
    (folder / ".local").mkdir(exist_ok=True)
    if (built := PROJECT / ".local" / "toolchain").is_dir():
        (folder / ".local" / "toolchain").symlink_to(built.resolve(), target_is_directory=True)


def _setup_python(machine: Machine, inputs: Mapping[str, str], _contexts: Mapping[str, Any]) -> None:
    known(inputs, ("python-version", "cache", "cache-dependency-path"), "actions/setup-python")
    _has_input(inputs, "python-version")
    assert machine.workspace.is_dir()


def _pulumi(machine: Machine, inputs: Mapping[str, str], _contexts: Mapping[str, Any]) -> None:
    known(inputs, ("pulumi-version",), "pulumi/actions")
    _has_input(inputs, "pulumi-version")
    assert machine.workspace.is_dir()


def _upload_artifact(machine: Machine, inputs: Mapping[str, str], _contexts: Mapping[str, Any]) -> None:
    known(inputs, ("name", "path", "if-no-files-found"), "actions/upload-artifact")
    if inputs["name"] in machine.artifacts:
        raise StepFailed(f"an artifact named {inputs['name']} exists")
    files = machine.workspace.glob(inputs["path"])
    machine.artifacts[inputs["name"]] = {file.name: file.read_bytes() for file in files}


def _upload_sarif(machine: Machine, inputs: Mapping[str, str], _contexts: Mapping[str, Any]) -> None:
    known(inputs, ("sarif_file", "category", "ref", "sha"), "upload-sarif")
    file = machine.workspace / inputs["sarif_file"]
    if not file.is_file():
        raise StepFailed(f"no file {file.name}")
    machine.findings[inputs["category"]] = json.loads(file.read_text(encoding="utf-8"))


def _has_input(inputs: Mapping[str, str], name: str) -> None:
    if not inputs.get(name):
        raise WorkflowError(f"the input {name} is missing")
