"""Which stacks a pull request changes, by the files that it touches.

Whatever decides what is deployed, or how, concerns every stack. So each file does, except what is listed here.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from model_serving.delivery.git import left_at, text_at, touched
from model_serving.spec.files.listing import stack_file, stacks
from model_serving.spec.files.workspace_host import workspace_host

_CONCERNS_NONE = (
    re.compile(r"(docs|tests|bench|demo|workspace|\.github/ISSUE_TEMPLATE)/"),
    re.compile(r"(.*/)?([^/]+\.md|LICENSE[^/]*|CODEOWNERS|\.gitignore|\.editorconfig)$"),
    re.compile(r"\.pre-commit-(config|hooks)\.yaml$|\.github/dependabot\.yml$"),
)
"""Files and folders that no preview, deployment or component reads. The embedded workspace serves this machine only."""

_STACK_FILE = re.compile(r"stacks/Pulumi\.(.+)\.yaml$")
_NO_COMMIT = re.compile(r"0{40}(0{24})?$")
"""What forges call the commit before the first one of a branch."""

_THIS_MACHINE = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(frozen=True)
class Changed:
    """The stacks that differ, and those whose file is deleted, each sorted."""

    stacks: tuple[str, ...]
    deleted: tuple[str, ...] = ()
    note: str = ""
    """A sentence on how they were found, where it isn't what was asked for."""


def changed_stacks(folder: Path, since: str) -> Changed:
    """The stacks that differ from where the branch left `since`: all, where a file that they share was touched.

    Files that are not committed count, too. Raises GitError.
    """
    existing = stacks(folder)
    if _NO_COMMIT.match(since):
        note = f"There is no commit before this one ({since[:7]}…: the branch is new), so every stack counts as changed"
        return Changed(tuple(existing), note=note)
    files = [file for file in touched(folder, left_at(folder, since)) if not _concerns_none(file)]
    own = {match[1] for file in files if (match := _STACK_FILE.match(file))}
    shared = any(not _STACK_FILE.match(file) for file in files)
    return Changed(
        tuple(stack for stack in existing if shared or stack in own), deleted=tuple(sorted(own - set(existing)))
    )


def _concerns_none(file: str) -> bool:
    return any(pattern.match(file) for pattern in _CONCERNS_NONE)


def on_this_machine(folder: Path, stack: str, deleted_since: str = "") -> bool:
    """Whether the stack's workspace is an embedded one, which no pipeline can reach.

    Of a stack whose file is deleted, `deleted_since` names the commit that still has it.
    """
    if not deleted_since:
        return _names_this_machine(folder / stack_file(stack))
    with tempfile.TemporaryDirectory(prefix="model-serving-stack-") as name:
        file = Path(name) / "stack.yaml"
        file.write_text(text_at(folder, left_at(folder, deleted_since), stack_file(stack)) or "", encoding="utf-8")
        return _names_this_machine(file)


def _names_this_machine(file: Path) -> bool:
    return (workspace_host(file) or "").startswith(_THIS_MACHINE)
