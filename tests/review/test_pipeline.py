"""The pipelines call what there is, pin what they use, and hand no secret to a fork."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from toolchain import versions

PROJECT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
GITLAB = PROJECT / ".gitlab-ci.yml"


def jobs(file: Path) -> dict[str, Any]:
    found = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
    assert isinstance(found, dict)
    return found


def targets() -> set[str]:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8") + (PROJECT / ".ci" / "pipeline.mk").read_text(
        encoding="utf-8"
    )
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("file", [*WORKFLOWS, GITLAB, PROJECT / "docs" / "review.md"], ids=lambda file: file.name)
def test_every_step_is_a_make_target(file: Path) -> None:
    called = set(re.findall(r"\bmake (?:-s )?([a-z][a-z-]+)", file.read_text(encoding="utf-8")))
    assert called
    assert called - targets() == set()


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_job_that_needs_an_engine_installs_the_tested_one(file: Path) -> None:
    for job in jobs(file).values():
        ran = [step.get("run") for step in job["steps"]]
        installed = [step for step in job["steps"] if step.get("uses", "").startswith("pulumi/actions@")]
        assert [step["with"] for step in installed] == [{"pulumi-version": versions.NEWEST_TESTED}] * (
            "make setup" in ran
        )
        assert not installed or job["steps"].index(installed[0]) < ran.index("make setup")


def test_every_job_of_gitlab_that_needs_an_engine_installs_the_tested_one() -> None:
    pipeline = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    assert pipeline["variables"]["ENGINE"] == versions.NEWEST_TESTED
    assert "pulumi-v$ENGINE-linux-x64" in pipeline[".engine"]["before_script"][0]
    needing = [job for job in pipeline.values() if isinstance(job, dict) and "make setup" in job.get("script", ())]
    assert len(needing) == 3
    assert all(".engine" in job["extends"] for job in needing)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(file: Path) -> None:
    used = re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_nothing_may_be_written_unless_a_job_says_so(file: Path) -> None:
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_what_has_an_identity_or_a_secret_does_not_run_for_forks() -> None:
    text = (PROJECT / ".github" / "workflows" / "review.yml").read_text(encoding="utf-8")
    trusted = {
        name
        for name, job in jobs(WORKFLOWS[-1]).items()
        if "head.repo.full_name == github.repository" in str(job.get("if"))
    }
    wanting = {name for name, job in jobs(WORKFLOWS[-1]).items() if "secrets." in str(job) or "id-token" in str(job)}
    assert (wanting, wanting <= trusted) == ({"review"}, True)
    assert "pull_request_target" not in text


def test_no_expression_stands_in_a_script() -> None:
    """A branch's name is the author's to choose: put into a script, it would be run."""
    scripts = [str(step.get("run", "")) for file in WORKFLOWS for job in jobs(file).values() for step in job["steps"]]
    assert [script for script in scripts if "${{" in script] == []


def test_no_step_of_the_pipeline_stores_a_token_of_databricks() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (*WORKFLOWS, GITLAB)]
    assert [text for text in texts if "DATABRICKS_TOKEN" in text or "DATABRICKS_CLIENT_SECRET" in text] == []


def test_the_gitlab_file_is_what_gitlab_reads() -> None:
    found = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    stages = {name: job["stage"] for name, job in found.items() if isinstance(job, dict) and "stage" in job}
    assert stages == {"check": "check", "review": "review", "deploy": "deploy", "drift": "drift"}


def test_the_documented_comment_is_the_golden_one() -> None:
    comment = (PROJECT / "tests" / "review" / "cases" / "canary-step" / "comment.md").read_text(encoding="utf-8")
    assert comment.strip() in (PROJECT / "docs" / "review.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["review", "drift"])
def test_a_step_that_needs_a_stack_names_its_files_by_it(target: str) -> None:
    ran = subprocess.run(["make", "-n", target, "STACK=prod"], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert f"--output {target}-prod.md" in ran.stdout
