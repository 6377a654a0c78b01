"""A copy of the project beside a workspace of its own, where `pulumi` may do what it likes.

Nothing on a stage is the user's: the project is a copy in a temporary folder, with Pulumi's home and state in it, and
the workspace is a process on a free port whose database goes with the folder.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.environment import pulumi_environment

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("Pulumi.yaml", "__main__.py", "stacks", "components", "policies", "model_serving")
"""What a stack needs of the project."""


@dataclass(frozen=True)
class RunningWorkspace:
    """An embedded workspace on loopback and its administrator's credentials."""

    url: str
    token: str

    def get(self, path: str) -> Any:
        """What the workspace answers its administrator."""
        return self._call("GET", path)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def patch(self, path: str, body: object) -> Any:
        return self._call("PATCH", path, json.dumps(body).encode())

    def post(self, path: str, body: object) -> Any:
        return self._call("POST", path, json.dumps(body).encode())

    def writes(self) -> list[str]:
        """The writes to serving endpoints, permissions and principals so far, in order, as `METHOD /path`."""
        requests = self.get("/_workspace/journal?writes=true")["requests"]
        return [f"{request['method']} {request['path']}" for request in requests if "/api/" in request["path"]]

    def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  the address is our own
            self.url + path, body, method=method, headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")


@contextmanager
def running_workspace(database: Path, *options: str) -> Iterator[RunningWorkspace]:
    """An embedded workspace in a process of its own, on a free port, stopped at the end."""
    command = [sys.executable, "-m", "workspace", "--port", "0", "--db", str(database), *options]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        yield _ready(process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _ready(process: "subprocess.Popen[str]") -> RunningWorkspace:
    """Read the ready lines, which hold the address and the credentials."""
    assert process.stdout is not None, "The workspace's output is a pipe"
    exported: dict[str, str] = {}
    for line in process.stdout:
        if match := re.match(r"\s*export (\w+)=(\S+)", line):
            exported[match[1]] = match[2]
        if "DATABRICKS_CLIENT_SECRET" in exported:
            return RunningWorkspace(exported["DATABRICKS_HOST"], exported["DATABRICKS_TOKEN"])
    raise RuntimeError(f"The workspace ended with status {process.wait()} before it was ready")


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
        """The stack's outputs, secrets in clear."""
        found = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").text)
        assert isinstance(found, dict), "Outputs are a map"
        return found

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a file of the project, as an author of a pull request would."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def new_sandbox(*workspace_options: str) -> Iterator[Sandbox]:
    """A fresh stage, gone at the end. `workspace_options` are those of `python -m workspace`."""
    with tempfile.TemporaryDirectory(prefix="model-serving-") as name:
        root = Path(name)
        folder = copy_project(root / "project")
        with running_workspace(root / "workspace.db", *workspace_options) as workspace:
            environment = pulumi_environment(root / "pulumi", os.environ)
            environment["DATABRICKS_TOKEN"] = workspace.token
            point(folder, workspace.url)
            yield Sandbox(folder, workspace, environment)


def copy_project(folder: Path) -> Path:
    """A copy of what a stack needs, with the checkout's virtual environment."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    (folder / ".venv").symlink_to(PROJECT / ".venv", target_is_directory=True)
    return folder


def point(folder: Path, url: str) -> None:
    """Let the local stack talk to this workspace instead of the one on the usual port."""
    file = folder / "stacks" / "Pulumi.local.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"databricks:host: \S+", f"databricks:host: {url}", text), encoding="utf-8")
