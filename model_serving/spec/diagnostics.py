"""Diagnostics: what is wrong in a stack file, where, and how to fix it."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Final

from model_serving.errors import UserError
from model_serving.spec.field_path import FieldPath

Problem = tuple[FieldPath, str, str]
"""What a rule finds: the field's path, the message and the hint. The loader adds the location."""


UNCHANGED: Final = "nothing was changed"
"""The outcome of an error, unless a caller continues."""


@dataclass(frozen=True, order=True)
class Location:
    """A position in a stack file. Lines and columns count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One error: its location, the field's path, the message, and a hint at the fix."""

    location: Location
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.location} {self.path}:" if self.path else f"{self.location}:"
        text = f"{where} {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text


class SpecError(UserError):
    """Every diagnostic of one stack, in the order of the files."""

    def __init__(self, diagnostics: list[Diagnostic], outcome: str = UNCHANGED) -> None:
        assert diagnostics, "A SpecError has a diagnostic"
        self._outcome = outcome
        self.diagnostics = sorted(set(diagnostics))
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.diagnostics)
        heading = f"{count} error{'s' if count > 1 else ''} in the stack files; {self._outcome}"
        return "\n".join([heading, *(indent(str(diagnostic), "  ") for diagnostic in self.diagnostics)])


def relative_path(file: Path) -> str:
    """The path of a file from the current folder, or the whole path where it is elsewhere."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
