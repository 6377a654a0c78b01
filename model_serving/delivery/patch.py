"""Unified diffs, as `git apply` takes them."""

import difflib


def unified_diff(file: str, before: str, after: str) -> str:
    """The patch of one file, named from the project's folder; empty where the texts are the same."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
