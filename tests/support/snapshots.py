"""What is made once for all tests of a run: sandboxes that each test copies, and results that many tests look at.

The worker processes of pytest-xdist share it: the first that needs a thing makes it, the others wait for it. A module's
fixture would be made once in each worker, and once more wherever a worker takes over tests from another.
"""

import compileall
import fcntl
import hashlib
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from tests.support.running_workspace import PROJECT
from tests.support.sandbox import (
    PARTS,
    Edit,
    Sandbox,
    copy_project,
    copy_sandbox,
    modules,
    new_sandbox,
    opened_sandbox,
)

IMMEDIATE = ("--ready-after", "0")
"""Options of a workspace whose deployments take no time."""
PYTHON = PROJECT / ".venv" / "bin" / "python3"
_DEPLOY = ("up", "--yes", "--skip-preview")
_WITH_POLICIES = ("--policy-pack", "policies")

_ANSWER = """import sys
from pathlib import Path

print(Path(__file__).with_name(" ".join(sys.argv[1:])).read_text(encoding="utf-8"))
"""

_Result = TypeVar("_Result")


class Snapshots:
    """Stopped sandboxes in a folder, each made when it is first needed. Several processes may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def initialized(self, *options: str) -> AbstractContextManager[Sandbox]:
        """A sandbox whose stack `local` exists and is empty."""
        return new_sandbox(*(options or IMMEDIATE), snapshot=self._initialized())

    def deployed(
        self, *edits: Edit, options: tuple[str, ...] = IMMEDIATE, policies: bool = True
    ) -> AbstractContextManager[Sandbox]:
        """A sandbox whose stack `local` is deployed, with the policy pack or without, after these edits."""

        def deploy(root: Path) -> None:
            copy_sandbox(self._initialized(), root)
            with opened_sandbox(root, *options) as sandbox:
                for edit in edits:
                    sandbox.edit(*edit)
                sandbox.pulumi(*_DEPLOY, *(_WITH_POLICIES if policies else ()))

        key = hashlib.sha256(repr((edits, options, policies)).encode()).hexdigest()[:16]
        return new_sandbox(*options, snapshot=self._once(f"deployed-{key}", deploy))

    def prepared(
        self, name: str, prepare: Callable[[Sandbox], None], options: tuple[str, ...] = IMMEDIATE
    ) -> AbstractContextManager[Sandbox]:
        """A sandbox after `prepare`, which gets one whose stack `local` is empty."""

        def make(root: Path) -> None:
            copy_sandbox(self._initialized(), root)
            with opened_sandbox(root, *options) as sandbox:
                prepare(sandbox)

        return new_sandbox(*options, snapshot=self._once(f"prepared-{name}", make))

    def result(self, name: str, judge: Callable[[], _Result]) -> _Result:
        """What `judge` returns, which runs once for all tests that ask for this name. It must be picklable."""

        def keep(folder: Path) -> None:
            result = judge()
            folder.mkdir()
            (folder / "result").write_bytes(pickle.dumps(result))

        kept = self._once(f"result-{name}", keep) / "result"
        result: _Result = pickle.loads(kept.read_bytes())  # noqa: S301  this run's own file
        return result

    def _initialized(self) -> Path:
        return self._once("initialized", _initialize)

    def _once(self, name: str, make: Callable[[Path], None]) -> Path:
        """The folder of that name, which `make` fills unless some process has done so."""
        folder = self._folder / name
        with locked(self._folder / f"{name}.lock"):
            if not folder.exists():
                unfinished = self._folder / f"{name}.unfinished"
                shutil.rmtree(unfinished, ignore_errors=True)
                make(unfinished)
                unfinished.rename(folder)
        return folder


def _initialize(root: Path) -> None:
    project = copy_project(root / "project")
    # Compiled here once, or the engine's Python processes would do it in every copy.
    for part in (project / part for part in PARTS):
        if part.is_dir():
            compileall.compile_dir(part, quiet=2)
    with opened_sandbox(root) as sandbox:
        sandbox.pulumi("stack", "init", "local")
    record_packages(root)


def record_packages(root: Path) -> None:
    """Answer the language host's `pip list`, a quarter of the CPU time of each of its runs, from a recorded list."""
    package = modules(root) / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for arguments in ("list -v --format json", "list --format json"):
        (package / arguments).write_text(_listed(arguments), encoding="utf-8")
    (package / "__main__.py").write_text(_ANSWER, encoding="utf-8")


def _listed(arguments: str) -> str:
    listed = subprocess.run([PYTHON, "-m", "pip", *arguments.split()], capture_output=True, text=True, check=True)
    return listed.stdout.strip()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file; other processes wait for it."""
    with file.open("w", encoding="utf-8") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def shared_folder(base: Path) -> Path:
    """The temporary folder that the workers of one pytest run share, where `base` is a worker's own."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
