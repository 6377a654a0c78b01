"""Unified diffs, as `git apply` takes them."""

import difflib
import os
from pathlib import Path

from model_serving.errors import UsageError


def unified_diff(file: str, before: str, after: str) -> str:
    """The patch of one file, named from the project's folder; empty where the texts are the same."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def require_writable(file: Path) -> None:
    """Raise UsageError where the patch can't be written to the file: better now than after the command's work."""
    if not file.parent.is_dir():
        raise UsageError(f"--patch {file}: there is no folder {file.parent}. Nothing was changed")
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError(f"--patch {file}: it can't be written. Nothing was changed")
