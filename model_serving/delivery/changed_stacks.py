"""The stacks that a change concerns, by the files that it touches.

Any file may decide what is deployed, or how, so each concerns every stack, except for those listed here.
"""

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.databricks.this_machine import is_on_this_machine
from model_serving.delivery.git import branch_point, changed_files, text_at
from model_serving.spec.files.listing import STACK_NAME, stack_file, stacks
from model_serving.spec.files.workspace_host import workspace_host

_CONCERNS_NO_STACK: Final = (
    re.compile(r"(docs|tests|bench|demo|workspace|\.github/ISSUE_TEMPLATE)/"),
    re.compile(r"(.*/)?([^/]+\.md|LICENSE[^/]*|CODEOWNERS|\.gitignore|\.editorconfig)$"),
    re.compile(r"\.pre-commit-(config|hooks)\.yaml$|renovate\.json$"),
)
"""Files and folders that no preview, deployment or component reads. The embedded workspace serves this machine only."""

_STACK_FILE: Final = re.compile(rf"stacks/Pulumi\.({STACK_NAME.pattern})\.yaml")
_NO_COMMIT: Final = re.compile(r"0{40}(0{24})?$")
"""What forges call the commit before the first one of a branch."""


@dataclass(frozen=True)
class ChangedStacks:
    """The stacks that a change concerns, and those whose file it deletes, each sorted."""

    stacks: tuple[str, ...]
    deleted: tuple[str, ...] = ()
    note: str = ""
    """Why every stack counts as changed, where there is nothing to compare with."""


def changed_stacks(folder: Path, since: str, also: Iterable[str] = ()) -> ChangedStacks:
    """The stacks that differ from the commit at which the branch left `since`: all, if a shared file was touched.

    Files that are not committed count, too, and those of `also`, which this checkout doesn't have. Raises GitError.
    """
    existing = stacks(folder)
    if not _is_commit(since):
        note = f"There is no commit before this one ({since[:7]}…: the branch is new), so every stack counts as changed"
        return ChangedStacks(tuple(existing), note=note)
    differing = {*changed_files(folder, branch_point(folder, since)), *also}
    files = [file for file in differing if not concerns_no_stack(file)]
    own = {match[1] for file in files if (match := _STACK_FILE.fullmatch(file))}
    shared = any(not _STACK_FILE.fullmatch(file) for file in files)
    changed = tuple(stack for stack in existing if shared or stack in own)
    return ChangedStacks(changed, deleted=tuple(sorted(own - set(existing))))


def concerns_no_stack(file: str) -> bool:
    """Whether no preview, deployment or component reads a file of the project."""
    return any(pattern.match(file) for pattern in _CONCERNS_NO_STACK)


def is_local(folder: Path, stack: str, since: str | None = None) -> bool:
    """Whether the stack's workspace is an embedded one, which no pipeline can reach.

    With `since`, it must have been local where the branch left that commit, too, if it existed there: a change can't
    take a deployed stack out of its own review by naming this machine.
    """
    file = folder / stack_file(stack)
    if file.exists() and not _names_this_machine(file):
        return False
    before = text_at(folder, branch_point(folder, since), stack_file(stack)) if since and _is_commit(since) else None
    if before is None:
        return file.exists()
    with tempfile.TemporaryDirectory(prefix="model-serving-stack-") as name:
        copy = Path(name) / "stack.yaml"
        copy.write_text(before, encoding="utf-8")
        return _names_this_machine(copy)


def _is_commit(since: str) -> bool:
    """Whether this is a commit, and not what forges call the one before the first of a branch."""
    return not _NO_COMMIT.match(since)


def _names_this_machine(file: Path) -> bool:
    return is_on_this_machine(workspace_host(file) or "")
