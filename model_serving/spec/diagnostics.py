"""What is wrong with a stack file, where it is, and how it is told to a person."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Final

from model_serving.spec.field_path import FieldPath

Finding = tuple[FieldPath, str, str]
"""What a rule found: the field's path, the message, the hint. The loader gives it a place and makes it a Fault."""


UNCHANGED: Final = "nothing was changed"
"""What faults lead to, unless someone decided to go on."""


@dataclass(frozen=True, order=True)
class Place:
    """A position in a stack file. Lines and columns count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake: its place, the field's path, what was found and expected, and the way out."""

    place: Place
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place} {self.path}:" if self.path else f"{self.place}:"
        text = f"{where} {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text


class SpecError(Exception):
    """Every fault of one stack, found together, in the order of the files."""

    def __init__(self, faults: list[Fault], outcome: str = UNCHANGED) -> None:
        assert faults, "A SpecError without a fault says nothing"
        self._outcome = outcome
        self.faults = sorted(set(faults))
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.faults)
        heading = f"{count} mistake{'s' if count > 1 else ''} in the stack files; {self._outcome}"
        return "\n".join([heading, *(indent(str(fault), "  ") for fault in self.faults)])


def relative(file: Path) -> str:
    """Name a file the way a person in the project's folder would type it."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
