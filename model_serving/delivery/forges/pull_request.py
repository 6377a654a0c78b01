"""A pull request and its approvals, the same for every forge."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class PullRequest:
    """A pull request, open or merged."""

    number: int
    author: str
    head: str
    """The newest commit of its branch."""


@dataclass(frozen=True)
class Approval:
    """The last decision of one reviewer."""

    by: str
    at: datetime
    state: Literal["approved", "dismissed", "changes requested"]
    commit: str = ""
    """The commit that was approved; empty where the forge doesn't say."""
    counts: bool = True
    """Whether the reviewer is a person who may write to the repository."""


def at(text: str) -> datetime:
    """A time in a forge's API: ISO 8601, with the zone."""
    return datetime.fromisoformat(text)
