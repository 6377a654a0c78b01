"""The result of a preflight, and how a program reports it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import pulumi

from model_serving.components.adoption.adoption import Adoption
from model_serving.databricks.caller import Caller
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath, dotted

DEPLOYMENT_CONTINUES: Final = "MODEL_SERVING_PREFLIGHT=warn, so the deployment continues"


@dataclass
class PreflightReport:
    """The problems that a preflight found, and what it read. `versions` has the version of each `model@Alias`.

    `live` has, by name, the list entry of each endpoint that the caller can see. `caller` is None if no request was
    made; `deployer` is who is judged, mostly the same. `to_import` has the keys of the endpoints that the program
    imports.
    """

    versions: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    live: dict[str, Any] = field(default_factory=dict, compare=False)
    caller: Caller | None = field(default=None, compare=False)
    deployer: Caller | None = field(default=None, compare=False)
    unread: set[str] = field(default_factory=set)
    """What the caller may not read and was not checked, for one warning."""
    unread_aliases: dict[str, FieldPath] = field(default_factory=dict)
    """Each alias whose version the caller may not read, with the place that names it."""
    to_import: frozenset[str] = frozenset()
    adoptions: dict[str, Adoption] = field(default_factory=dict)
    """What the program takes over of live endpoints, by resource name."""

    def add(self, part: "PreflightReport") -> None:
        """Add the versions, problems and warnings of one check."""
        self.versions |= part.versions
        self.problems += part.problems
        self.warnings += part.warnings
        self.unread |= part.unread
        self.unread_aliases |= part.unread_aliases


class ProblemFormatter(Protocol):
    """Formats problems as one text. `outcome` says what happens next if the deployment is not refused."""

    def __call__(self, problems: Sequence[Problem], outcome: str = ..., /) -> str: ...


def format_problems(problems: Sequence[Problem], outcome: str = "") -> str:
    """A line for each problem, with the path of its field."""
    lines = [f"{dotted(path)}: {message}. {hint}" for path, message, hint in problems]
    return "\n".join([f"{outcome}:", *lines] if outcome else lines)


def raise_problems(report: PreflightReport, formatter: ProblemFormatter = format_problems) -> None:
    """Log the warnings, then raise pulumi.RunError with every problem, or log them too if `only_warns()`."""
    for warning in report.warnings:
        pulumi.log.warn(warning)
    if report.problems and only_warns():
        pulumi.log.warn(formatter(report.problems, DEPLOYMENT_CONTINUES))
    elif report.problems:
        raise pulumi.RunError(formatter(report.problems))


def only_warns() -> bool:
    """Whether MODEL_SERVING_PREFLIGHT=warn is set: to destroy, for example, what could not be created any more."""
    return os.environ.get("MODEL_SERVING_PREFLIGHT") == "warn"
