"""Every mistake in every stack file, and every rule that they break, in an instant: no engine, workspace or Pulumi."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from policies.pack.rule import Level
from review.changed import stacks
from review.check_rules import breaches
from review.sarif import Result
from stacks.faults import Fault, SpecError
from stacks.load import load_stack, places
from stacks.paths import dotted
from stacks.spec import Stack

STACK_FILE = "stack-file"
"""Stands for a rule's name where the vocabulary itself is broken."""


@dataclass(frozen=True, order=True)
class Found:
    """What is wrong at a place. Only what is `mandatory` fails the check."""

    fault: Fault
    rule: str = STACK_FILE
    level: Level = "mandatory"
    description: str = "Stack files are valid."

    def __str__(self) -> str:
        return str(self.fault) if self.rule == STACK_FILE else f"{self.fault}\n    {self.level}: {self.rule}"


def check(folder: Path, chosen: list[str]) -> list[Found]:
    """What is wrong with the chosen stacks, or with all. What several share is told once.

    The rules judge a stack whose files have no mistake.
    """
    found: set[Found] = set()
    for stack in chosen or stacks(folder):
        try:
            spec = load_stack(stack, folder / "stacks")
        except SpecError as error:
            found.update(map(Found, error.faults))
        else:
            found.update(_broken(stack, spec, folder / "stacks"))
    return sorted(found)


def _broken(name: str, stack: Stack, folder: Path) -> Iterator[Found]:
    if broken := [*breaches(name, stack, datetime.now(UTC).date())]:
        place = places(name, folder)
        for path, rule, finding in broken:
            fault = Fault(place(path), dotted(path), finding.message)
            yield Found(fault, rule.name, "advisory" if finding.told else rule.level, rule.description)


def as_results(found: list[Found]) -> list[Result]:
    """The same for SARIF."""
    return [
        Result(
            rule=each.rule,
            level="error" if each.level == "mandatory" else "warning",
            message=f"{each.fault.path}: {each.fault.message}" + (f". {each.fault.hint}" if each.fault.hint else ""),
            file=each.fault.place.file,
            line=each.fault.place.line,
            column=each.fault.place.column,
            description=each.description,
        )
        for each in found
    ]
