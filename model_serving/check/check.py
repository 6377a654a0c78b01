"""Every mistake in every stack file, and every rule that they break, in an instant: no engine, workspace or Pulumi."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from model_serving.check.rules import breaches
from model_serving.policies.pack.rule import Level
from model_serving.sarif import Result
from model_serving.spec.diagnostics import Diagnostic, SpecError
from model_serving.spec.field_path import dotted
from model_serving.spec.files.listing import stacks
from model_serving.spec.load import load_stack, locations
from model_serving.spec.vocabulary.stack import Stack

STACK_FILE = "stack-file"
"""Stands for a rule's name where the vocabulary itself is broken."""


@dataclass(frozen=True, order=True)
class Found:
    """What is wrong at a place, and in which stacks. Only what is `mandatory` fails the check."""

    fault: Diagnostic
    rule: str = STACK_FILE
    level: Level = "mandatory"
    description: str = "Stack files are valid."
    stacks: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = str(replace(self.fault, message=self.message))
        return text if self.rule == STACK_FILE else f"{text}\n    {self.level}: {self.rule}"

    @property
    def message(self) -> str:
        """What is wrong; where several stacks share it, with their names."""
        shared = f" ({', '.join(self.stacks)})" if len(self.stacks) > 1 else ""
        return f"{self.fault.message}{shared}"


def check(folder: Path, chosen: list[str]) -> list[Found]:
    """What is wrong with the chosen stacks, or with all. What several share is reported once.

    The rules judge a stack whose files have no mistake.
    """
    found: dict[Found, list[str]] = {}
    for stack in dict.fromkeys(chosen or stacks(folder)):
        for each in dict.fromkeys(_in_stack(stack, folder / "stacks")):
            found.setdefault(each, []).append(stack)
    return sorted(replace(each, stacks=tuple(sorted(names))) for each, names in found.items())


def _in_stack(name: str, folder: Path) -> list[Found]:
    try:
        return list(_broken(name, load_stack(name, folder), folder))
    except SpecError as error:
        return list(map(Found, error.diagnostics))


def _broken(name: str, stack: Stack, folder: Path) -> Iterator[Found]:
    if broken := [*breaches(name, stack, datetime.now(UTC).date())]:
        place = locations(name, folder)
        for path, rule, finding in broken:
            fault = Diagnostic(place(path), dotted(path), finding.message)
            yield Found(fault, rule.name, "advisory" if finding.advisory else rule.level, rule.description)


def as_results(found: list[Found]) -> list[Result]:
    """The same for SARIF."""
    return [
        Result(
            rule=each.rule,
            level="error" if each.level == "mandatory" else "warning",
            message=f"{each.fault.path}: {each.message}" + (f". {each.fault.hint}" if each.fault.hint else ""),
            file=each.fault.location.file,
            line=each.fault.location.line,
            column=each.fault.location.column,
            description=each.description,
        )
        for each in found
    ]
