"""What a report says of itself: commits, uncommitted changes, and the addresses of files and endpoints."""

import subprocess
from pathlib import Path

import pytest

from model_serving.delivery.stamp import of_stack, stamp_of
from model_serving.review.assess.report import Stamp

GITHUB = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "team/models",
    "GITHUB_RUN_ID": "7",
}
GITLAB = {"CI_PROJECT_URL": "https://gitlab.example/team/models", "CI_PIPELINE_URL": "https://gitlab.example/p/7"}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    ran = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of a repository, with one commit."""
    folder = tmp_path / "serving"
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "Pulumi.prod.yaml").write_text("config:\n  databricks:host: https://prod.example/\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    return folder


@pytest.mark.parametrize(
    ("environment", "source", "run"),
    [
        (
            GITHUB,
            "https://github.example/team/models/blob/{}/serving/",
            "https://github.example/team/models/actions/runs/7",
        ),
        (GITLAB, "https://gitlab.example/team/models/-/blob/{}/serving/", "https://gitlab.example/p/7"),
        ({}, "", ""),
    ],
    ids=["github", "gitlab", "laptop"],
)
def test_links_lead_to_the_head_commit(environment: dict[str, str], source: str, run: str, project: Path) -> None:
    head = git(project, "rev-parse", "HEAD")
    assert stamp_of(project, "HEAD", environment=environment) == Stamp(
        base=head, head=head, run=run, source=source.format(head)
    )


@pytest.mark.parametrize("file", ["stacks/Pulumi.prod.yaml", "stacks/Pulumi.new.yaml"])
def test_uncommitted_changes_are_named(file: str, project: Path) -> None:
    assert not stamp_of(project, environment={}).uncommitted
    (project / file).write_text("config: {}\n")
    assert stamp_of(project, environment={}).uncommitted
    assert not stamp_of(project, head="HEAD", environment={}).uncommitted


def test_reports_are_no_uncommitted_changes(project: Path) -> None:
    (project / "review-prod.md").write_text("a report")
    assert not stamp_of(project, environment={}).uncommitted


def test_head_may_be_a_commit_that_was_not_fetched(project: Path) -> None:
    head = "0123456789" * 4
    found = stamp_of(project, head=head, environment=GITHUB)
    assert (found.head, found.source) == (head, f"https://github.example/team/models/blob/{head}/serving/")
    assert stamp_of(project, head="no-branch", environment=GITHUB).head == ""


def test_folder_without_git_has_no_stamp(tmp_path: Path) -> None:
    assert stamp_of(tmp_path, environment=GITLAB) == Stamp(run="https://gitlab.example/p/7")


def test_stack_s_workspace_is_named(project: Path) -> None:
    assert of_stack(Stamp(), "prod", project).workspace == "https://prod.example"
    assert of_stack(Stamp(), "deleted", project).workspace == ""
    (project / "stacks" / "Pulumi.local.yaml").write_text("config:\n  databricks:host: http://127.0.0.1:8787\n")
    assert of_stack(Stamp(), "local", project).workspace == ""
