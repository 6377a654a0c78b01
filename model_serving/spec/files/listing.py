"""The stacks that a project has, by their files."""

from pathlib import Path
from typing import Final

BASE: Final = "base.yaml"
"""What all stacks share, beside their own files."""


def stacks(folder: Path) -> list[str]:
    """Every stack that has a file."""
    return sorted(file.stem.removeprefix("Pulumi.") for file in (folder / "stacks").glob("Pulumi.*.yaml"))


def stack_file(stack: str) -> str:
    """The path of a stack's own file in the project's folder."""
    return f"stacks/Pulumi.{stack}.yaml"


def has_file(folder: Path, stack: str) -> bool:
    """Whether the stack has a file of its own."""
    return (folder / stack_file(stack)).exists()
