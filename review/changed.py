"""Which stacks a pull request changes, by the files that it touches."""

import subprocess
from pathlib import Path

from review.errors import UserError
from stacks.yaml_places import read

_OF_ALL = ("Pulumi.yaml", "__main__.py", "stacks/base.yaml", "requirements.txt")
_ROOMS_OF_ALL = ("components/", "contract/", "policies/")
_THIS_MACHINE = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class GitError(UserError):
    """Git could not tell. The text is what it said."""


def stacks(folder: Path) -> list[str]:
    """Every stack that has a file."""
    return sorted(file.stem.removeprefix("Pulumi.") for file in (folder / "stacks").glob("Pulumi.*.yaml"))


def changed_stacks(folder: Path, since: str) -> list[str]:
    """The stacks that differ from where the branch left `since`: all, where what they share was touched.

    Files that are not committed count too. Raises GitError.
    """
    files = set(git(folder, "diff", "--name-only", "--relative", f"{since}...HEAD").splitlines())
    files |= {line[3:] for line in git(folder, "status", "--porcelain", "--", ".").splitlines()}
    if any(file in _OF_ALL or file.startswith(_ROOMS_OF_ALL) for file in files):
        return stacks(folder)
    return [stack for stack in stacks(folder) if f"stacks/Pulumi.{stack}.yaml" in files]


def on_this_machine(folder: Path, stack: str) -> bool:
    """Whether the stack's workspace is an embedded one, which no pipeline can reach."""
    document = read(folder / "stacks" / f"Pulumi.{stack}.yaml").data
    config = document.get("config") if isinstance(document, dict) else None
    host = config.get("databricks:host") if isinstance(config, dict) else None
    return isinstance(host, str) and host.startswith(_THIS_MACHINE)


def git(folder: Path, *arguments: str) -> str:
    """What git prints. Raises GitError where it fails, or isn't there."""
    try:
        run = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise GitError("There is no `git` on PATH") from None
    if run.returncode:
        raise GitError(f"git {' '.join(arguments)}: {run.stderr.strip()}")
    return run.stdout.rstrip("\n")


def commit(folder: Path, name: str) -> str:
    """A commit's id; empty where there is none."""
    try:
        return git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitError:
        return ""
