"""What starts a run: which commit its workflow and its checkout have, and which ref environments judge.

Source: docs.github.com/actions, "Events that trigger workflows", and GitHub's changelog of 2025-11-07: from 2025-12-08
on a `pull_request_target` run has the workflow, the commit and the ref of the default branch, and the branch rules of
environments are evaluated for that ref; for `pull_request` they are evaluated for `refs/pull/N/merge`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.workflow_runner.repository import Repository

_NO_COMMIT: Final = "0" * 40
DEPENDABOT: Final = "dependabot[bot]"


@dataclass(frozen=True)
class Event:
    """An event of a repository."""

    name: str
    ref: str
    sha: str
    actor: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    with_secrets: bool = True
    """Whether the run gets secrets, and a token that may write."""
    branch: str = ""
    """The branch that filters compare with: a pull request's base, or the pushed one."""


def pull_request_target(repository: Repository, number: int, head: str, author: str, fork: str = "") -> Event:
    """A pull request was opened or pushed to. `fork` is the repository of its branch, where that is another one."""
    return Event(
        "pull_request_target",
        f"refs/heads/{repository.default_branch}",
        repository.head(),
        author,
        {"pull_request": _pull_request(repository, number, head, author, fork)},
        # A fork's run has both; one of Dependabot's has neither.
        with_secrets=author != DEPENDABOT,
        branch=repository.default_branch,
    )


def pull_request(repository: Repository, number: int, head: str, author: str, fork: str = "") -> Event:
    """The same, with the code of the pull request. A fork's run and one of Dependabot's get no secrets."""
    return Event(
        "pull_request",
        f"refs/pull/{number}/merge",
        head,
        author,
        {"pull_request": _pull_request(repository, number, head, author, fork)},
        with_secrets=not fork and author != DEPENDABOT,
        branch=repository.default_branch,
    )


def push(repository: Repository, before: str = _NO_COMMIT, actor: str = "author", branch: str = "main") -> Event:
    """A branch was pushed: its commits since `before`."""
    ref = f"refs/heads/{branch}"
    payload = {"before": before, "after": repository.head(ref)}
    return Event("push", ref, repository.head(ref), actor, payload, branch=branch)


def dispatch(repository: Repository, actor: str = "author", branch: str = "main", **inputs: str) -> Event:
    """A person starts a workflow by hand, on a branch of their choice."""
    ref = f"refs/heads/{branch}"
    return Event("workflow_dispatch", ref, repository.head(ref), actor, {"inputs": inputs})


def schedule(repository: Repository) -> Event:
    """The time of a schedule has come: the default branch's last commit."""
    ref = f"refs/heads/{repository.default_branch}"
    return Event("schedule", ref, repository.head(), "author", {"schedule": "daily"})


def _pull_request(repository: Repository, number: int, head: str, author: str, fork: str) -> Mapping[str, Any]:
    return {
        "number": number,
        "user": {"login": author},
        "head": {"sha": head, "repo": {"full_name": fork or repository.name}},
        "base": {"sha": repository.head(), "ref": repository.default_branch},
    }
