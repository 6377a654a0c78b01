"""Every mistake in every stack file, at once and in an instant: no engine, no workspace, no import of Pulumi."""

from pathlib import Path

from review.changed import stacks
from review.sarif import Result
from stacks.faults import Fault, SpecError
from stacks.load import load_stack


def faults(folder: Path, chosen: list[str]) -> list[Fault]:
    """The mistakes of the chosen stacks, or of all. One in a file that several share is told once."""
    found: set[Fault] = set()
    for stack in chosen or stacks(folder):
        try:
            load_stack(stack, folder / "stacks")
        except SpecError as error:
            found.update(error.faults)
    return sorted(found)


def as_results(found: list[Fault]) -> list[Result]:
    """The same for SARIF."""
    return [
        Result(
            rule="stack-file",
            level="error",
            message=f"{fault.path}: {fault.message}" + (f". {fault.hint}" if fault.hint else ""),
            file=fault.place.file,
            line=fault.place.line,
            column=fault.place.column,
            description="Stack files are valid.",
        )
        for fault in found
    ]
