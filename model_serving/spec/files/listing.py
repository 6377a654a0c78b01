"""The stacks that a project has, by their files."""

import re
from pathlib import Path
from typing import Final

BASE: Final = "base.yaml"
"""What all stacks share, beside their own files."""

STACK_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""A stack's name. Pulumi's rule (sdk/go/common/tokens), and no name that begins like an option: pipelines put it into
commands, and authors of pull requests choose the names of files."""


def stacks(folder: Path) -> list[str]:
    """Every stack that has a file. A file whose name no stack can have is none."""
    names = (file.stem.removeprefix("Pulumi.") for file in (folder / "stacks").glob("Pulumi.*.yaml"))
    return sorted(name for name in names if STACK_NAME.fullmatch(name))


def stack_file(stack: str) -> str:
    """The path of a stack's own file in the project's folder."""
    return f"stacks/Pulumi.{stack}.yaml"


def has_file(folder: Path, stack: str) -> bool:
    """Whether the stack has a file of its own."""
    return (folder / stack_file(stack)).exists()
