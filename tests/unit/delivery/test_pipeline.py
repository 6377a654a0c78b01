"""The pipelines call make targets, pin what they use, and give no secret to a fork."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from toolchain import versions

PROJECT = Path(__file__).resolve().parents[3]
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


def engines(job: dict[str, Any]) -> list[str]:
    """The versions of Pulumi that a job installs, one after the other or each in a run of its own."""
    steps = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("pulumi/actions@")]
    assert all([*step] == ["pulumi-version"] for step in steps)
    by_matrix = job.get("strategy", {}).get("matrix", {}).get("pulumi", [])
    named = [step["pulumi-version"] for step in steps]
    return by_matrix if named == ["${{ matrix.pulumi }}"] else named


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_jobs_install_the_tested_engine(file: Path) -> None:
    tested = [versions.OLDEST, versions.NEWEST_TESTED] if file.name == "ci.yml" else [versions.NEWEST_TESTED]
    for job in jobs(file).values():
        ran = [step.get("run") for step in job["steps"]]
        installed = [step for step in job["steps"] if step.get("uses", "").startswith("pulumi/actions@")]
        assert engines(job) == (tested if "make setup" in ran else [])
        assert not installed or job["steps"].index(installed[0]) < ran.index("make setup")


def test_gitlab_jobs_install_the_tested_engine() -> None:
    pipeline = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    assert pipeline["variables"]["ENGINE"] == versions.NEWEST_TESTED
    assert "pulumi-v$ENGINE-linux-x64" in pipeline[".engine"]["before_script"][0]
    needing = [job for job in pipeline.values() if isinstance(job, dict) and "make setup" in job.get("script", ())]
    assert len(needing) == 3
    assert all(".engine" in job["extends"] for job in needing)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_pinned_by_commit(file: Path) -> None:
    used = re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_may_only_read_by_default(file: Path) -> None:
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_jobs_with_secrets_skip_forks() -> None:
    text = (PROJECT / ".github" / "workflows" / "review.yml").read_text(encoding="utf-8")
    trusted = {
        name
        for name, job in jobs(WORKFLOWS[-1]).items()
        if "head.repo.full_name == github.repository" in str(job.get("if"))
    }
    wanting = {name for name, job in jobs(WORKFLOWS[-1]).items() if "secrets." in str(job) or "id-token" in str(job)}
    assert (wanting, wanting <= trusted) == ({"review"}, True)
    assert "pull_request_target" not in text


def test_no_script_contains_an_expression() -> None:
    """The author of a pull request chooses the branch's name: in a script it would be executed."""
    scripts = [str(step.get("run", "")) for file in WORKFLOWS for job in jobs(file).values() for step in job["steps"]]
    assert [script for script in scripts if "${{" in script] == []


def test_no_databricks_token_is_stored() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (*WORKFLOWS, GITLAB)]
    assert [text for text in texts if "DATABRICKS_TOKEN" in text or "DATABRICKS_CLIENT_SECRET" in text] == []


def test_the_gitlab_file_has_every_stage() -> None:
    found = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    stages = {name: job["stage"] for name, job in found.items() if isinstance(job, dict) and "stage" in job}
    assert stages == {"check": "check", "review": "review", "deploy": "deploy", "drift": "drift"}


def test_the_documented_comment_is_a_golden_one() -> None:
    comment = (PROJECT / "tests/unit/review/cases/canary-step/comment.md").read_text(encoding="utf-8")
    assert comment.strip() in (PROJECT / "docs" / "review.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["review", "drift"])
def test_report_files_have_the_stack_s_name(target: str) -> None:
    ran = subprocess.run(["make", "-n", target, "STACK=prod"], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert f"--output {target}-prod.md" in ran.stdout


FAKE_MAKE = """#!/bin/sh
echo "$@" >> "{notes}"
case "$*" in *{fails}*) echo "no such commit" >&2; exit 2;; esac
case "$*" in *changed-stacks*) echo '{changed}';; *reviewed*) echo digest;; *merged-pull*) echo 7;; esac
"""


def played(scripts: list[str], folder: Path, changed: str, fails: str) -> tuple[int, list[str]]:
    """Run scripts as a runner does, with a `make` that records its targets; one of them may fail."""
    make, notes = folder / "make", folder / "notes"
    make.write_text(FAKE_MAKE.format(notes=notes, fails=fails, changed=changed))
    make.chmod(0o755)
    notes.write_text("")
    names = ("BASE", "BEFORE", "NUMBER", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA", "CI_COMMIT_SHA")
    environment = {**dict.fromkeys(names, "0123abc"), "STACK": "prod", "GITHUB_SHA": "0123abc"}
    environment |= {"PATH": f"{folder}:/usr/bin:/bin", "GITHUB_OUTPUT": str(folder / "output")}
    run = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(scripts)], cwd=folder, env=environment, check=False
    )
    return run.returncode, notes.read_text().splitlines()


@pytest.mark.parametrize("job", ["review", "deploy"])
@pytest.mark.parametrize(
    ("changed", "fails", "status", "goes_on"),
    [('["prod"]', "nothing", 0, True), ('["staging"]', "nothing", 0, False), ("[]", "changed-stacks", 2, False)],
    ids=["changed", "unchanged", "git fails"],
)
def test_gitlab_continues_for_changed_stacks_only(
    job: str, changed: str, fails: str, status: int, *, goes_on: bool, tmp_path: Path
) -> None:
    script = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[job]["script"]
    ended, asked = played(script, tmp_path, changed, fails)
    assert (ended, "setup" in asked) == (status, goes_on)


STEPS_THAT_READ = [
    pytest.param(str(step["run"]), target, id=f"{file.stem}: {step.get('name', target)}")
    for file in WORKFLOWS
    for job in jobs(file).values()
    for step in job["steps"]
    for target in ("changed-stacks", "merged-pull-request", "reviewed")
    if f"make -s {target}" in str(step.get("run"))
]


@pytest.mark.parametrize(("script", "target"), STEPS_THAT_READ)
def test_a_step_fails_with_its_target(script: str, target: str, tmp_path: Path) -> None:
    assert played([script], tmp_path, "[]", "nothing")[0] == 0
    ended, asked = played([script], tmp_path, "[]", target)
    assert (ended, len(asked)) == (2, 1)
