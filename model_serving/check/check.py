"""Every error in the stack files and every rule that they violate, without an engine, a workspace or Pulumi."""

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
from model_serving.spec.succession import declared_endpoints

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


@dataclass(frozen=True)
class Checked:
    """The result of a check. What several stacks share is one finding."""

    stacks: tuple[str, ...]
    endpoints: int = 0
    """The number of endpoints in all stacks without an error."""
    findings: tuple[CheckFinding, ...] = ()
    invalid: tuple[str, ...] = ()
    """The stacks with an error, on which no rule was checked."""
    waiting: frozenset[str] = frozenset()
    """The rules that compare with the live workspace, which the preview checks."""

    @property
    def failed(self) -> bool:
        return any(each.level == "mandatory" for each in self.findings)


def check(folder: Path, chosen: list[str]) -> Checked:
    """Check the chosen stacks, or all. Rules are checked on stacks without an error."""
    names = tuple(dict.fromkeys(chosen or stacks(folder)))
    findings: dict[CheckFinding, list[str]] = {}
    invalid, waiting, endpoints = list[str](), set[str](), 0
    for name in names:
        of_stack = _checked(name, folder / "stacks")
        for finding in dict.fromkeys(of_stack.findings):
            findings.setdefault(finding, []).append(name)
        invalid += of_stack.invalid
        waiting |= of_stack.waiting
        endpoints += of_stack.endpoints
    shared = (replace(each, stacks=tuple(sorted(having))) for each, having in findings.items())
    return Checked(names, endpoints, tuple(sorted(shared)), tuple(invalid), frozenset(waiting))


def stack_file_errors(folder: Path, stack: str) -> list[Result]:
    """The errors in one stack's files, for SARIF."""
    return [each.result for each in check(folder, [stack]).findings if each.rule == STACK_FILE]


def _checked(name: str, folder: Path) -> Checked:
    """The result for one stack."""
    try:
        loaded = load(name, folder)
    except SpecError as error:
        diagnostics = {*error.diagnostics, *read_settings(name, folder, RULES).mistakes}
        return Checked((name,), findings=tuple(map(CheckFinding, sorted(diagnostics))), invalid=(name,))
    settings = loaded_settings(loaded.stack.policies, loaded.stack.waivers, RULES, loaded.location)
    if settings.mistakes:
        return Checked((name,), findings=tuple(map(CheckFinding, settings.mistakes)), invalid=(name,))
    levels = {rule.name: level_of(rule, settings.policies) for rule in RULES}
    findings = []
    for path, rule, violation in violations(name, loaded.stack, settings, datetime.now(UTC).date()):
        diagnostic = Diagnostic(loaded.location(path), dotted(path), violation.message, "\n    ".join(violation.fixes))
        is_mandatory = levels[rule.name] == "mandatory" and not violation.advisory
        level: Level = "mandatory" if is_mandatory else "advisory"
        findings.append(CheckFinding(diagnostic, rule.name, level, rule.description))
    waiting = (rule.name for rule in RULES if rule.reads_workspace and levels[rule.name] != "disabled")
    endpoints = len([*declared_endpoints(loaded.stack)])
    return Checked((name,), endpoints, tuple(findings), waiting=frozenset(waiting))
