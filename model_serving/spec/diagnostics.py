"""Diagnostics: what is wrong in a stack file, where, and how to fix it."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent
from typing import Final

from model_serving.errors import UserError
from model_serving.spec.field_path import FieldPath

Problem = tuple[FieldPath, str, str]
"""What a rule finds: the field's path, the message and the hint. The loader adds the location."""


_HEADING: Final = "in the stack files"

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
        heading = f"{count} error{'s' if count > 1 else ''} {_HEADING}; {self._outcome}"
        return "\n".join([heading, *(indent(str(diagnostic), "  ") for diagnostic in self.diagnostics)])


_LINE: Final = re.compile(r"  (?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+)(?: (?P<path>\S+))?: (?P<message>.+)")
"""A diagnostic within the text of a SpecError, see Diagnostic.__str__."""


def read_diagnostics(text: str) -> list[Diagnostic]:
    """The diagnostics in the text of a SpecError, which another process wrote; empty for any other text."""
    heading, *lines = text.splitlines() or [""]
    found: list[Diagnostic] = []
    for line in lines if _HEADING in heading else ():
        if match := _LINE.fullmatch(line):
            location = Location(match["file"], int(match["line"]), int(match["column"]))
            found.append(Diagnostic(location, match["path"] or "", match["message"]))
        elif found and line.startswith("      "):
            hint = f"{found[-1].hint}\n{line.strip()}".strip()
            found[-1] = replace(found[-1], hint=hint)
        elif line.strip():
            return []  # more than this form holds: nothing of it may be lost
    return found


def relative_path(file: Path) -> str:
    """The path of a file from the current folder, or the whole path where it is elsewhere."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
