"""The one status of a pull request that a branch rule can require: there is one for every pull request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STATUS: Final = "model-serving"
"""The name of the status."""
_UNUSABLE: Final = "The stack files can't be used"
LONGEST: Final = 140
"""Characters of a status' description on GitHub."""


@dataclass(frozen=True)
class Results:
    """What the jobs of a review found: their results in GitHub's words, and what the pull request changes."""

    check: str
    review: str
    stacks: Sequence[str] | None
    """The stacks that the change concerns; None where the list is lost, as GitHub does with one that is too long."""
    stack_files: bool
    """Whether stack files are changed, not only what judges them."""
    outsider: bool
    """Whether the run had no credentials: for a fork, or for Dependabot."""


@dataclass(frozen=True)
class Gate:
    """Whether the pull request may be merged as far as its stacks go, and why."""

    passed: bool
    text: str


def gate(results: Results) -> Gate:
    """The status of a pull request."""
    stacks = ", ".join(results.stacks or ())
    if results.check != "success" or results.stacks is None:
        what = "The list of the changed stacks is missing" if results.check == "success" else _UNUSABLE
        return Gate(passed=False, text=f"{what}: see the job check")
    if not results.stacks:
        return Gate(passed=True, text="No stack is changed")
    if results.outsider and results.stack_files:
        return Gate(
            passed=False,
            text=f"Not reviewed, without credentials: {stacks}. A maintainer pushes the commit to a branch here",
        )
    if results.outsider:
        return Gate(passed=True, text=f"Not reviewed, no stack file changes: {stacks}. Their deployments report plans")
    if results.review == "success":
        return Gate(passed=True, text=f"Reviewed: {stacks}")
    return Gate(passed=False, text=f"The review failed: see the comments for {stacks}")
