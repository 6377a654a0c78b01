"""What earlier commits declared of an endpoint: its served entities and its traffic in the stack files."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.delivery.git import git
from model_serving.errors import UserError
from model_serving.spec import Endpoint, load_stack
from model_serving.spec.files.listing import BASE, stack_file
from model_serving.spec.succession import declared_endpoints

_MOST: Final = 500
"""Commits that are looked at."""


@dataclass(frozen=True)
class Declaration:
    """An endpoint in one commit."""

    commit: str
    summary: str
    """When it was committed, and its subject."""
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"commit {self.commit[:8]} ({self.summary})"


def earlier_declarations(stack: str, key: str, folder: Path) -> Iterator[Declaration]:
    """What the commits of the current branch declare of an endpoint, newest first.

    Commits whose stack files can't be read, or don't declare it, are left out. Raises GitError outside of a
    git repository.
    """
    files = (stack_file(stack), f"stacks/{BASE}")
    log = git(folder, "log", f"--max-count={_MOST}", "--format=%H %cs %s", "--", *files)
    for line in log.splitlines():
        commit, _, summary = line.partition(" ")
        with tempfile.TemporaryDirectory(prefix="model-serving-stacks-") as name:
            endpoint = _declared(folder, commit, stack, key, Path(name))
        if endpoint:
            yield Declaration(commit, summary, endpoint)


def is_shallow(folder: Path) -> bool:
    """Whether the clone lacks a part of the history."""
    return git(folder, "rev-parse", "--is-shallow-repository") == "true"


def _declared(folder: Path, commit: str, stack: str, key: str, into: Path) -> Endpoint | None:
    # One process for each commit: a stack's file may refer to other stacks' files.
    ran = subprocess.run(
        ["git", "archive", "--format=tar", commit, "stacks"], cwd=folder, capture_output=True, check=False
    )
    if ran.returncode:
        return None
    try:
        with tarfile.open(fileobj=io.BytesIO(ran.stdout)) as archive:
            archive.extractall(into, filter="data")
        declared = declared_endpoints(load_stack(stack, into / "stacks"))
        return next((each.endpoint for each in declared if each.address == key), None)
    except (UserError, tarfile.TarError, OSError):
        return None
