"""What a report says of itself: the reviewed commits, the run, and where its links lead."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from model_serving.databricks.this_machine import is_on_this_machine
from model_serving.delivery.git import GitError, commit, git
from model_serving.review.assess.report import Report, Stamp
from model_serving.spec.files.listing import stack_file
from model_serving.spec.files.workspace_host import workspace_host

_COMMIT: Final = re.compile("[0-9a-f]{40}")
"""A commit's id, which a job may know without having fetched the commit."""


def stamp_of(
    folder: Path, base: str = "", head: str = "", run: str = "", environment: Mapping[str, str] = os.environ
) -> Stamp:
    """The stamp of a report on the project in `folder`. `base` and `head` are git refs.

    Without a `head` that is HEAD, with the changes that are not committed. The addresses are those of a job on GitHub
    or GitLab; empty elsewhere.
    """
    reviewed = commit(folder, head or "HEAD") or (head if _COMMIT.fullmatch(head) else "")
    return Stamp(
        base=commit(folder, base) if base else "",
        head=reviewed,
        run=run or _run(environment),
        uncommitted=bool(reviewed) and not head and _is_changed(folder),
        source=_source(folder, reviewed, environment) if reviewed else "",
    )


def of_stack(stamp: Stamp, stack: str, folder: Path) -> Stamp:
    """The stamp with the address of the stack's workspace; without for an embedded one, which has no such pages."""
    host = workspace_host(folder / stack_file(stack)) or ""
    return replace(stamp, workspace="" if is_on_this_machine(host) else host.rstrip("/"))


def with_stamp(report: Report, stamp: Stamp, folder: Path) -> Report:
    """The report with this stamp, and with the versions of the tools that it has already."""
    return replace(report, stamp=replace(of_stack(stamp, report.stack, folder), tools=report.stamp.tools))


def _is_changed(folder: Path) -> bool:
    """Whether a file differs from HEAD, or a stack file is new. Other new files are reports and the like."""
    tracked = git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return bool(tracked or git(folder, "ls-files", "--others", "--exclude-standard", "--", "stacks"))


def _source(folder: Path, reviewed: str, environment: Mapping[str, str]) -> str:
    """The address of the project's folder at a commit; the path of a file follows it."""
    if repository := environment.get("GITHUB_REPOSITORY"):
        pages = f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}/blob"
    elif project := environment.get("CI_PROJECT_URL"):
        pages = f"{project}/-/blob"
    else:
        return ""
    try:
        inside = git(folder, "rev-parse", "--show-prefix")
    except GitError:
        return ""
    return f"{pages}/{reviewed}/{inside}"


def _run(environment: Mapping[str, str]) -> str:
    """The address of the job's run."""
    if run := environment.get("GITHUB_RUN_ID"):
        return f"{environment['GITHUB_SERVER_URL']}/{environment['GITHUB_REPOSITORY']}/actions/runs/{run}"
    return environment.get("CI_PIPELINE_URL", "")
