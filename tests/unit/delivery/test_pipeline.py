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
ACTIONS = sorted((PROJECT / ".github" / "actions").glob("*/action.yml"))
REVIEW = PROJECT / ".github" / "workflows" / "review.yml"
GITLAB = PROJECT / ".gitlab-ci.yml"
DOCS = (PROJECT / "docs" / "pipelines.md",)


def jobs(file: Path) -> dict[str, Any]:
    """The jobs that have steps, by name; of a composite action its steps."""
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    every = {"steps": found["runs"]} if "runs" in found else found["jobs"]
    assert isinstance(every, dict)
    return {name: job for name, job in every.items() if "steps" in job}


def targets() -> set[str]:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8") + (PROJECT / ".ci" / "pipeline.mk").read_text(
        encoding="utf-8"
    )
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS, GITLAB, *DOCS], ids=lambda file: file.name)
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


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.name)
def test_jobs_install_the_tested_engine(file: Path) -> None:
    tested = [versions.OLDEST, versions.NEWEST_TESTED] if file.name == "ci.yml" else [versions.NEWEST_TESTED]
    for job in jobs(file).values():
        ran = [step.get("run") for step in job["steps"]]
        installed = [step for step in job["steps"] if step.get("uses", "").startswith("pulumi/actions@")]
        assert engines(job) == (tested if "make setup" in ran else [])
        assert not installed or job["steps"].index(installed[0]) < ran.index("make setup")


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.name)
def test_actions_are_pinned_by_commit(file: Path) -> None:
    used = [each for each in re.findall(r"\buses: (.+)", file.read_text(encoding="utf-8")) if not each.startswith("./")]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_may_only_read_by_default(file: Path) -> None:
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_jobs_with_credentials_skip_outsiders() -> None:
    every = jobs(REVIEW)
    wanting = {name for name, job in every.items() if "secrets." in str(job) or "id-token" in str(job)}
    assert wanting == {"review"}
    assert "head.repo.full_name == github.repository" in every["review"]["if"]
    assert "user.login != 'dependabot[bot]'" in every["review"]["if"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_whole_job_has_the_review_key(file: Path) -> None:
    assert [name for name, job in jobs(file).items() if "REVIEW_KEY" in str(job.get("env"))] == []


@pytest.mark.parametrize("name", ["deploy", "deploy-approved"])
def test_a_repeated_run_is_checked_first(name: str) -> None:
    steps = jobs(PROJECT / ".github" / "workflows" / "deploy-stack.yml")[name]["steps"]
    ran = [step.get("run", "") for step in steps]
    assert ran.index("make newest") < ran.index("make sign-in")


def test_a_review_checks_out_the_base_only() -> None:
    """With `ref: head` or with `pull_request`, the author's code would run beside credentials."""
    file = yaml.safe_load(REVIEW.read_text(encoding="utf-8"))
    assert [*file[True]] == ["pull_request_target"]  # PyYAML reads `on` as true
    steps = [step for job in jobs(REVIEW).values() for step in job["steps"]]
    checkouts = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == 3
    assert all("ref" not in each and each["persist-credentials"] is False for each in checkouts)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_program_is_cached(file: Path) -> None:
    """A cache is not verified when it is restored; packages are, by their hashes."""
    assert "actions/cache@" not in file.read_text(encoding="utf-8")


def test_no_script_contains_an_expression() -> None:
    """The author of a pull request chooses the branch's name: in a script it would be executed."""
    scripts = [
        str(step.get("run", ""))
        for file in [*WORKFLOWS, *ACTIONS]
        for job in jobs(file).values()
        for step in job["steps"]
    ]
    assert [script for script in scripts if "${{" in script] == []


def test_no_databricks_token_is_stored() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (*WORKFLOWS, GITLAB)]
    stored = re.compile(r"DATABRICKS_(TOKEN(?!_AUDIENCE)|CLIENT_SECRET)")
    assert [text for text in texts if stored.search(text)] == []


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
case "$*" in *changed-stacks*) echo '{changed}';; *approved*) echo digest;; *merged-pull*) echo 7;; esac
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


STEPS_THAT_READ = [
    pytest.param(str(step["run"]), target, id=f"{file.stem}: {step.get('name', target)}")
    for file in WORKFLOWS
    for job in jobs(file).values()
    for step in job["steps"]
    for target in ("changed-stacks", "merged-pull-request", "take")
    if f"make -s {target}" in str(step.get("run"))
]


@pytest.mark.parametrize(("script", "target"), STEPS_THAT_READ)
def test_a_step_fails_with_its_target(script: str, target: str, tmp_path: Path) -> None:
    assert played([script], tmp_path, "[]", "nothing")[0] == 0
    ended, asked = played([script], tmp_path, "[]", target)
    assert (ended, len(asked)) == (2, 1)
