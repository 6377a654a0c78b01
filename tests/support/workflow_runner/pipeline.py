"""The project's pipeline on a fake GitHub: its repository, its environments and everybody who works with it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from tests.support.fake_forge import FakeForge, PullRequest, fake_forge
from tests.support.running_workspace import PROJECT
from tests.support.workflow_runner import events
from tests.support.workflow_runner.repository import Environment, Repository, commit, git, new_repository
from tests.support.workflow_runner.results import Run
from tests.support.workflow_runner.runner import Runner

PIPELINE: Final = (".ci", ".github", ".gitignore", "stacks")
CODE: Final = (
    *("Makefile", "Pulumi.yaml", "__main__.py", "components", "model_serving", "policies", "pyproject.toml"),
    *("requirements.txt", "toolchain", "workspace"),
)
KEY: Final = "0123456789abcdef0123456789abcdef"


def copied(parts: tuple[str, ...], folder: Path) -> Path:
    """Copies of files and folders of the checkout in a new folder."""
    folder.mkdir(parents=True)
    for part in parts:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return folder


def environments(
    stacks: tuple[str, ...], hosts: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, Environment]:
    """The environments that docs/pipelines.md sets up for each stack."""
    found = {}
    for stack in stacks:
        for name in (stack, f"{stack}-review"):
            variables = {"DATABRICKS_HOST": hosts[stack], "DATABRICKS_CLIENT_ID": f"client-of-{name}"}
            found[name] = Environment(variables, {"MODEL_SERVING_REVIEW_KEY": KEY, **secrets}, branches=["main"])
        found[f"{stack}-approval"] = Environment(branches=["main"], reviewers=["reviewer"])
    return found


@dataclass
class Pipeline:
    """A repository on a fake GitHub, and a runner of its workflows."""

    forge: FakeForge
    repository: Repository
    clone: Path
    """Where authors work."""
    runner: Runner
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def open(self, author: str = "author", fork: str = "") -> "OpenPullRequest":
        """Open a pull request with what the clone holds, and go back to the default branch."""
        number = next(self._numbers)
        branch = f"branch-{number}"
        git(self.clone, "switch", "--quiet", "--create", branch)
        head = commit(self.clone)
        # A fork's branch is not in the repository; its pull request is.
        refs = [f"HEAD:refs/pull/{number}/head", *([] if fork else [f"HEAD:refs/heads/{branch}"])]
        git(self.clone, "push", "--quiet", "origin", *refs)
        git(self.clone, "switch", "--quiet", "main")
        if author not in self.forge.users:
            self.forge.add_user(author, "read")
        return OpenPullRequest(self, self.forge.open(number, head, author), branch, fork)

    def push(self, *, before: str = "") -> Run:
        """Push the clone's main branch, and run what that starts."""
        before = before or self.repository.head()
        git(self.clone, "push", "--quiet", "origin", "main")
        return self.run("deploy.yml", events.push(self.repository, before))

    def run(self, workflow: str, event: events.Event) -> Run:
        """Run a workflow that starts for the event."""
        run = self.runner.run(workflow, event)
        assert run is not None, f"{workflow} does not start for {event.name}"
        return run


@dataclass
class OpenPullRequest:
    """A pull request, and what happens to it."""

    pipeline: Pipeline
    pull: PullRequest
    branch: str
    fork: str

    def review(self) -> Run:
        """Run what opening it, or pushing to it, starts."""
        pull, repository = self.pull, self.pipeline.repository
        event = events.pull_request_target(repository, pull.number, pull.head, pull.author, self.fork)
        return self.pipeline.run("review.yml", event)

    @property
    def status(self) -> tuple[str, str]:
        """The status of its last commit that branch protection requires; empty where there is none."""
        return self.pipeline.forge.statuses.get(self.pull.head, ("", ""))

    def merge(self) -> Run:
        """Merge it, and run what that starts."""
        pipeline = self.pipeline
        before = pipeline.repository.head()
        git(pipeline.clone, "merge", "--quiet", "--no-ff", "--message", "Merge", self.branch)
        pipeline.forge.merge(self.pull.number, git(pipeline.clone, "rev-parse", "HEAD"))
        return pipeline.push(before=before)


@contextmanager
def pipeline(folder: Path, parts: tuple[str, ...], machine: Mapping[str, str] | None = None) -> Iterator[Pipeline]:
    """A pipeline whose repository holds these parts of the checkout. `machine` is the environment of its jobs."""
    folder.mkdir(exist_ok=True)
    repository, clone = new_repository(folder, copied(parts, folder / "files"))
    with fake_forge("github") as forge:
        numbers = count(1)

        def token(granted: Mapping[str, str]) -> str:
            name = f"ghs-{next(numbers)}"
            forge.tokens[name] = forge.pipeline
            forge.granted[name] = granted
            forge.protection.update({key: _protection(each) for key, each in repository.environments.items()})
            return name

        runner = Runner(repository, folder / "runs", machine or {"PATH": os.environ["PATH"]}, token, forge.url)
        yield Pipeline(forge, repository, clone, runner)


def _protection(environment: Environment) -> list[dict[str, object]]:
    if not environment.reviewers:
        return []
    reviewers = [{"type": "User", "reviewer": {"login": each}} for each in environment.reviewers]
    own = environment.prevent_self_review
    return [{"type": "required_reviewers", "prevent_self_review": own, "reviewers": reviewers}]
