"""The stack files of a pull request, taken into a checkout of its base as data: no other file of it is used.

The pipeline's code, policies and components are those of the base, so a pull request can't change what judges it.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.delivery.changed_stacks import concerns_no_stack
from model_serving.delivery.git import GitError, commit, fetch, git
from model_serving.errors import UserError
from model_serving.spec.files.listing import STACK_NAME
from model_serving.spec.files.yaml_text import MAX_BYTES

_TAKEN: Final = re.compile(rf"stacks/(base|Pulumi\.{STACK_NAME.pattern})\.yaml")
_LIKE_A_STACK: Final = re.compile(r"stacks/Pulumi\.(.*)\.yaml", re.DOTALL)
_REGULAR: Final = ("100644", "100755")
_CONFLICT: Final = 1
"""The exit status of `git merge-tree` for a merge with conflicts."""


class RefusedFilesError(UserError):
    """The pull request's stack files can't be taken. The text names them all."""


@dataclass(frozen=True)
class TakenFiles:
    """What a pull request changes: the stack files that were taken, and other files that decide what is deployed."""

    stack_files: tuple[str, ...]
    judge: tuple[str, ...]
    """Policies, components, this tool, lock files: what the base's versions of stay in use."""


def take_stack_files(folder: Path, head: str) -> TakenFiles:
    """Write the stack files as they are after a merge of `head` into the checked-out commit.

    Nothing of `head` is executed, and only regular files are written. Raises GitError and RefusedFilesError.
    """
    merged = _merged_tree(folder, head)
    prefix = git(folder, "rev-parse", "--show-prefix")
    stack_files = list(_stack_files(folder, merged))
    changed = set(git(folder, "diff", "--name-only", "--no-renames", "--relative", "-z", "HEAD", merged).split("\0"))
    changed -= {""}
    if refused := [*_conflicts(folder, head, prefix), *_refused(folder, stack_files, changed)]:
        raise RefusedFilesError("\n".join(sorted(refused)))
    names = {name for _, _, name in stack_files if _TAKEN.fullmatch(name)}
    for _, blob, name in stack_files:
        if name in changed & names:
            (folder / name).write_bytes(_content(folder, blob))
    taken = {file for file in changed if _TAKEN.fullmatch(file)}
    for name in taken - names:
        (folder / name).unlink(missing_ok=True)
    judge = {file for file in changed - taken if not concerns_no_stack(file)}
    return TakenFiles(tuple(sorted(taken)), tuple(sorted(judge)))


def _merged_tree(folder: Path, head: str) -> str:
    """The tree that a merge gives; where files conflict, with their conflict marks."""
    if not commit(folder, head):
        fetch(folder, head)
    return _merge(folder, head, "--no-messages").stdout.splitlines()[0]


def _conflicts(folder: Path, head: str, prefix: str) -> Iterator[str]:
    ran = _merge(folder, head, "--no-messages", "--name-only")
    if ran.returncode == _CONFLICT:
        for path in ran.stdout.splitlines()[1:]:
            name = path.removeprefix(prefix)
            if _TAKEN.fullmatch(name):
                yield f"{name}: conflicts with the base branch. Merge the base branch into the pull request's branch"


def _merge(folder: Path, head: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = ["git", "merge-tree", "--write-tree", *options, "HEAD", head]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, _CONFLICT):
        raise GitError(f"git merge-tree (git 2.38 or newer): {ran.stderr.strip()}")
    return ran


def _stack_files(folder: Path, tree: str) -> Iterator[tuple[str, str, str]]:
    """The mode, the blob and the name of each file below `stacks/`."""
    for line in git(folder, "ls-tree", "-r", "-z", tree, "--", "stacks/").split("\0"):
        if line:
            description, _, name = line.partition("\t")
            mode, _, blob = description.split()
            yield mode, blob, name


def _refused(folder: Path, stack_files: list[tuple[str, str, str]], changed: set[str]) -> Iterator[str]:
    for mode, blob, name in stack_files:
        if name not in changed:
            continue
        if not _TAKEN.fullmatch(name):
            if _LIKE_A_STACK.fullmatch(name):
                yield f"{name!a}: no stack can have this name. Allowed are letters, digits, ., _ and -"
            continue
        if mode not in _REGULAR:
            yield f"{name}: is no regular file. Commit the file itself, not a link"
        elif (size := int(git(folder, "cat-file", "-s", blob))) > MAX_BYTES:
            yield f"{name}: has {size:,} bytes; at most {MAX_BYTES:,} are allowed"


def _content(folder: Path, blob: str) -> bytes:
    return subprocess.run(["git", "cat-file", "blob", blob], cwd=folder, capture_output=True, check=True).stdout
