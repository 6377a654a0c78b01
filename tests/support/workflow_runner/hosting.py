"""What GitHub provides for the jobs of a repository."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.workflow_runner.repository import Repository

Token = Callable[[Mapping[str, str]], str]
"""Makes a token for a job with these permissions."""


@dataclass
class Hosting:
    """A repository, the machines of its jobs, and who approves."""

    repository: Repository
    folder: Path
    """Where each job gets a folder of its own."""
    machine: Mapping[str, str]
    """What processes find in their environment, such as PATH."""
    token: Token
    api: str = ""
    """The address of the forge's API."""
    approve: Mapping[str, str] = field(default_factory=dict)
    """Who approves the deployments to an environment. Without an approver a job waits."""
    sign_in: Callable[[str, Mapping[str, str]], Mapping[str, str]] = lambda _subject, _environment: {}
    """What a job gets for its OIDC token: by the token's subject and the job's variables, further variables."""
    actions: Mapping[str, Repository] = field(default_factory=dict)
    """Other repositories that hold composite actions, by name."""
    count: Iterator[int] = field(default_factory=lambda: itertools.count(1))
