"""Every error in the stack files and every rule that they violate, without an engine, a workspace or Pulumi."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from model_serving.check.rules import violations
from model_serving.policies.pack.configuration import level_of
from model_serving.policies.pack.rule import Level
from model_serving.policies.pack.stack_settings import loaded_settings, read_settings
from model_serving.policies.rules import RULES
from model_serving.sarif import Result
from model_serving.spec.diagnostics import Diagnostic, SpecError
from model_serving.spec.field_path import dotted
from model_serving.spec.files.listing import stacks
from model_serving.spec.loading import load

STACK_FILE = "stack-file"
"""The rule's name of an error in the vocabulary itself."""


@dataclass(frozen=True, order=True)
class CheckFinding:
    """An error or a violation, and the stacks that share it. Only `mandatory` ones fail the check."""

    diagnostic: Diagnostic
    rule: str = STACK_FILE
    level: Level = "mandatory"
    description: str = "Stack files are valid."
    stacks: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = str(replace(self.diagnostic, message=self.message))
        return text if self.rule == STACK_FILE else f"{text}\n    {self.level}: {self.rule}"

    @property
    def message(self) -> str:
        """What is wrong, with the names of the stacks if several share it."""
        shared = f" ({', '.join(self.stacks)})" if len(self.stacks) > 1 else ""
        return f"{self.diagnostic.message}{shared}"

    @property
    def result(self) -> Result:
        """The same for SARIF."""
        diagnostic = self.diagnostic
        return Result(
            rule=self.rule,
            level="error" if self.level == "mandatory" else "warning",
            message=f"{diagnostic.path}: {self.message}" + (f". {diagnostic.hint}" if diagnostic.hint else ""),
            file=diagnostic.location.file,
            line=diagnostic.location.line,
            column=diagnostic.location.column,
            description=self.description,
        )


def check(folder: Path, chosen: list[str]) -> list[CheckFinding]:
    """The findings in the chosen stacks, or in all. What several stacks share is reported once.

    Rules are checked on stacks without an error.
    """
    findings: dict[CheckFinding, list[str]] = {}
    for stack in dict.fromkeys(chosen or stacks(folder)):
        for finding in dict.fromkeys(_in_stack(stack, folder / "stacks")):
            findings.setdefault(finding, []).append(stack)
    return sorted(replace(each, stacks=tuple(sorted(names))) for each, names in findings.items())


def stack_file_errors(folder: Path, stack: str) -> list[Result]:
    """The errors in one stack's files, for SARIF."""
    return [each.result for each in check(folder, [stack]) if each.rule == STACK_FILE]


def _in_stack(name: str, folder: Path) -> Iterator[CheckFinding]:
    try:
        loaded = load(name, folder)
    except SpecError as error:
        found = {*error.diagnostics, *read_settings(name, folder, RULES).mistakes}
        yield from map(CheckFinding, sorted(found))
        return
    settings = loaded_settings(loaded.stack.policies, loaded.stack.waivers, RULES, loaded.location)
    if settings.mistakes:
        yield from map(CheckFinding, settings.mistakes)
        return
    for path, rule, violation in violations(name, loaded.stack, settings, datetime.now(UTC).date()):
        diagnostic = Diagnostic(loaded.location(path), dotted(path), violation.message, "\n    ".join(violation.fixes))
        is_mandatory = level_of(rule, settings.policies) == "mandatory" and not violation.advisory
        yield CheckFinding(diagnostic, rule.name, "mandatory" if is_mandatory else "advisory", rule.description)
