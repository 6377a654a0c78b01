"""A repository as GitHub has it: its commits, variables, secrets and environments."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

_IDENTITY = {
    f"GIT_{role}_{what}": "author@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
GIT = {**_IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command, without the user's settings."""
    environment = {**os.environ, **GIT}
    ran = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not ran.returncode, f"git {' '.join(arguments)}: {ran.stderr}"
    return ran.stdout.strip()


@dataclass
class Environment:
    """An environment with its protection rules. A job that names one that doesn't exist creates it, without any."""

    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    branches: Sequence[str] | None = None
    """Patterns of the branches that may use it; None where there is no rule."""
    reviewers: Sequence[str] = ()
    prevent_self_review: bool = True

    def allows(self, ref: str) -> bool:
        """Whether a run of that ref may use the environment."""
        name = ref.removeprefix("refs/heads/")
        return self.branches is None or any(fnmatchcase(name, pattern) for pattern in self.branches)


@dataclass
class Repository:
    """A repository whose commits are in a bare one on this machine."""

    origin: Path
    name: str = "shop/models"
    default_branch: str = "main"
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)

    def head(self, ref: str = "") -> str:
        """The commit of a ref; by default the last one of the default branch."""
        return git(self.origin, "rev-parse", ref or f"refs/heads/{self.default_branch}")

    def environment(self, name: str) -> Environment:
        """The environment of that name, created where it is missing."""
        return self.environments.setdefault(name, Environment())


def new_repository(folder: Path, files: Path) -> tuple[Repository, Path]:
    """A repository whose first commit holds a folder's files, and a clone in which authors work."""
    origin, clone = folder / "origin.git", folder / "clone"
    git(folder, "init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    for key in ("uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter"):
        git(origin, "config", key, "true")  # as GitHub
    git(files, "init", "--quiet", "--initial-branch", "main")
    files.rename(clone)
    git(clone, "remote", "add", "origin", origin.as_uri())
    commit(clone, "First commit")
    git(clone, "push", "--quiet", "origin", "main")
    return Repository(origin), clone


def commit(clone: Path, message: str = "Edit") -> str:
    """Commit everything in a clone, and return the commit."""
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(clone, "rev-parse", "HEAD")
