"""The project in a temporary folder, beside a workspace of its own, where `pulumi` may change everything.

The project, Pulumi's home and state, and the workspace's database are in that folder: nothing of the user's is read or
changed. A sandbox starts from the checkout, or from a copy of another one that is stopped (tests/support/snapshots.py).
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.running_workspace import PROJECT, RunningWorkspace, running_workspace
from tests.support.warm_python.environment import warm_environment
from toolchain.environment import pulumi_environment

PARTS = ("Pulumi.yaml", "__main__.py", "stacks", "components", "policies", "model_serving")
"""What a stack needs of the project."""

REFUSED = frozenset({1, 4, 5, 255})
CHANGES_FOUND = frozenset({7, 255})
"""Exit statuses of `pulumi` (pkg/cmd/pulumi/cmd/exit_codes.go): until 3.226 every failure ended in 255; since then a
failed run ends in 1, with 4 and 5 set aside for resources and policies, and a violated `--expect-no-changes` in 7."""


@dataclass(frozen=True)
class Outcome:
    """What a command printed (both streams, in order) and its exit status."""

    text: str
    status: int

    @property
    def refused(self) -> bool:
        """Whether the engine ended the run with an error: a policy, a resource, the program. Not a wrong option."""
        return self.status in REFUSED

    @property
    def changes_found(self) -> bool:
        """Whether `--expect-no-changes` did not hold."""
        return self.status in CHANGES_FOUND


@dataclass(frozen=True)
class Sandbox:
    """A project folder, the workspace that its stacks talk to, and the environment of both."""

    folder: Path
    workspace: RunningWorkspace
    environment: Mapping[str, str]

    @property
    def python(self) -> str:
        """The interpreter that the engine starts. It starts `model-serving` in less CPU time than the test's own."""
        return str(self.folder / ".venv" / "bin" / "python")

    def pulumi(self, *arguments: str, check: bool = True, **environment: str) -> Outcome:
        """Run `pulumi` in the project's folder. Raises RuntimeError with its output where it fails unexpectedly."""
        run = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if check and run.returncode:
            raise RuntimeError(f"pulumi {' '.join(arguments)} ended with {run.returncode}:\n{run.stdout}")
        return Outcome(run.stdout, run.returncode)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in plaintext."""
        outputs = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").text)
        assert isinstance(outputs, dict), "Outputs are a map"
        return outputs

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in a file of the project, as the author of a pull request does."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.unlink()  # it may be a link to the snapshot's
        path.write_text(text.replace(old, new), encoding="utf-8")


Edit = tuple[str, str, str]
"""A file of the project, a text that occurs in it once, and what takes its place."""


@contextmanager
def new_sandbox(*workspace_options: str, snapshot: Path | None = None) -> Iterator[Sandbox]:
    """A sandbox that is deleted at the end. `workspace_options` are those of `python -m workspace`.

    The engine starts Python as on a user's machine, but in a copy of a snapshot with less CPU time.
    """
    with tempfile.TemporaryDirectory(prefix="model-serving-") as name:
        root = Path(name)
        if snapshot:
            copy_sandbox(snapshot, root)
            _use(root / "project", warm_environment())
        else:
            copy_project(root / "project")
        with opened_sandbox(root, *workspace_options) as sandbox:
            yield sandbox


@contextmanager
def opened_sandbox(root: Path, *workspace_options: str) -> Iterator[Sandbox]:
    """The sandbox in that folder, its workspace started on a free port. The folder stays."""
    folder = root / "project"
    python = folder / ".venv" / "bin" / "python"
    with running_workspace(root / "workspace.db", *workspace_options, python=str(python)) as workspace:
        environment = pulumi_environment(root / "pulumi", os.environ)
        environment["DATABRICKS_TOKEN"] = workspace.token
        environment["GOGC"] = (
            "400"  # the engine and the provider end soon: a tenth of their CPU time was this collection
        )
        # The built language host starts the first Python on PATH, others that of the virtual environment.
        environment["PATH"] = os.pathsep.join([str(python.parent), environment["PATH"]])
        if modules(root).is_dir():
            environment["PYTHONPATH"] = str(modules(root))
        _point(root, workspace.url)
        _select_stack(folder, environment)
        yield Sandbox(folder, workspace, environment)


def modules(root: Path) -> Path:
    """The folder of a sandbox whose Python modules precede those of the virtual environment."""
    return root / "python"


def copy_project(folder: Path) -> Path:
    """Copy what a stack needs, and link the checkout's virtual environment."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    _use(folder, PROJECT / ".venv")
    return folder


def copy_sandbox(stopped: Path, root: Path) -> None:
    """Copy a stopped sandbox. Its Python packages are linked: `Sandbox.edit` replaces a file, and nothing else does."""
    packages = tuple(str(stopped / "project" / part) for part in ("components", "model_serving", "policies"))

    def copy(source: str, target: str) -> None:
        if source.startswith(packages) and source.endswith((".py", ".pyc")):
            with suppress(OSError):  # the two are on different file systems
                os.link(source, target)
                return
        shutil.copy2(source, target)

    shutil.copytree(stopped, root, symlinks=True, dirs_exist_ok=True, copy_function=copy)


def _use(project: Path, environment: Path) -> None:
    """Link the virtual environment that the engine finds in the project."""
    (project / ".venv").unlink(missing_ok=True)
    (project / ".venv").symlink_to(environment, target_is_directory=True)


def _point(root: Path, url: str) -> None:
    """Replace the workspace's address in the local stack's file, and in its state where there is one."""
    file = root / "project" / "stacks" / "Pulumi.local.yaml"
    host = re.search(r"databricks:host: (\S+)", file.read_text(encoding="utf-8"))
    assert host, f"{file} names the workspace"
    for each in (file, *(root / "pulumi" / "state").rglob("stacks/**/local.json")):
        each.write_text(each.read_text(encoding="utf-8").replace(host[1], url), encoding="utf-8")


def _select_stack(folder: Path, environment: Mapping[str, str]) -> None:
    """Keep the selected stack in a copied home: Pulumi finds it by the SHA-1 of the path of `Pulumi.yaml`.

    Pulumi 3.260 also keeps it by the URL of the state.
    """
    selected = next((Path(environment["PULUMI_HOME"]) / "workspaces").glob("*-workspace.json"), None)
    if selected:
        digest = hashlib.sha1(str(folder / "Pulumi.yaml").encode(), usedforsecurity=False).hexdigest()
        content = json.loads(selected.read_text(encoding="utf-8"))
        if "stacks" in content:
            content["stacks"] = dict.fromkeys([environment["PULUMI_BACKEND_URL"]], *content["stacks"].values())
        selected.unlink()
        copied = selected.with_name(f"model-serving-{digest}-workspace.json")
        copied.write_text(json.dumps(content), encoding="utf-8")
