"""Commits, and the files that differ from one, as git reports them."""

import base64
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from model_serving.errors import UserError

_HISTORY: Final = 'A pipeline needs the whole history (fetch-depth: 0 on GitHub, GIT_DEPTH: "0" on GitLab)'


class GitError(UserError):
    """A git command failed, or git isn't installed."""


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command. Raises GitError."""
    try:
        # Names of files are bytes: one that is no UTF-8 is no stack file, and no reason to fail.
        run = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        raise GitError("There is no `git` on PATH: install it") from None
    if run.returncode:
        raise GitError(f"git {' '.join(arguments)}: {run.stderr.strip()}")
    return run.stdout.rstrip("\n")


def commit(folder: Path, name: str) -> str:
    """A commit's id; empty where there is none."""
    try:
        return git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitError:
        return ""


def fetch(folder: Path, commit_id: str, environment: Mapping[str, str] = os.environ) -> None:
    """Fetch one commit from `origin`, such as that of a fork's pull request; in a GitHub job with the job's token.

    The checkout itself keeps no credential. Raises GitError.
    """
    token, server = environment.get("GITHUB_TOKEN"), environment.get("GITHUB_SERVER_URL")
    settings = {}
    if token and server:
        login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        # By the environment: a command line can be read by every process of the machine.
        settings = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login}",
        }
    ran = subprocess.run(
        ["git", "fetch", "--quiet", "--no-tags", "origin", commit_id],
        cwd=folder,
        env={**os.environ, **settings, "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise GitError(f'Commit "{commit_id}" can\'t be fetched from the remote `origin`: {ran.stderr.strip()}')


def branch_point(folder: Path, since: str) -> str:
    """The commit at which the branch left `since`. Raises GitError where this clone doesn't have it."""
    git(folder, "rev-parse", "--git-dir")
    if not commit(folder, since):
        raise GitError(
            f'There is no commit "{since}" in this clone. Write a branch or a commit that git log shows, or fetch it '
            f"first: git fetch origin {since.removeprefix('origin/')}. {_HISTORY}"
        )
    try:
        return git(folder, "merge-base", since, "HEAD")
    except GitError:
        raise GitError(f'"{since}" and HEAD have no commit in common in this clone. {_HISTORY}') from None


def changed_files(folder: Path, base: str) -> set[str]:
    """The files below the folder that differ from a commit, deleted and uncommitted ones included."""
    # A rename counts as a deleted and a new file: both names matter.
    differing = git(folder, "diff", "--name-only", "--no-renames", "--relative", "-z", base, "--")
    untracked = git(folder, "ls-files", "--others", "--exclude-standard", "-z")
    return {file for file in (*differing.split("\0"), *untracked.split("\0")) if file}


def text_at(folder: Path, commit_id: str, file: str) -> str | None:
    """A file's text in a commit; None where it has none."""
    try:
        return git(folder, "show", f"{commit_id}:./{file}")
    except GitError:
        return None
