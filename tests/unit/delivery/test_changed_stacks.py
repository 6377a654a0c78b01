"""The stacks that a change concerns: all, except for files that no deployment reads."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.delivery.changed_stacks import changed_stacks, is_local

PROJECT = Path(__file__).resolve().parents[3]
ALL = ("local", "prod", "staging")
IN_ORDER = ["staging", "prod"]
NO_COMMIT = "0" * 40


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "commit.gpgsign=false", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack files in a repository with a commit of their own, in a folder below its root."""
    project = tmp_path / "serving"
    shutil.copytree(PROJECT / "stacks", project / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "author")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "author@example.com")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    git(tmp_path, "switch", "-qc", "branch")
    monkeypatch.chdir(project)
    return project


def commit_all(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "y")


def touch(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "\n# touched\n")


@pytest.mark.parametrize(
    ("touched", "stacks"),
    [
        ("stacks/Pulumi.prod.yaml", ("prod",)),
        *(
            (file, ALL)
            for file in (
                "stacks/base.yaml",
                "model_serving/spec/loading.py",
                "components/serving_endpoint.py",
                "model_serving/contract/model_serving.yaml",
                "policies/rules/traffic.py",
                "policies/PulumiPolicy.yaml",
                "model_serving/operations/smoke.py",
                "model_serving/delivery/deploy.py",
                "toolchain/versions.py",
                "toolchain/engine/go.sum",
                "Makefile",
                "Pulumi.yaml",
                "__main__.py",
                "pyproject.toml",
                "requirements.txt",
                "uv.lock",
                ".ci/pipeline.mk",
                ".github/workflows/deploy.yml",
                ".gitlab-ci.yml",
                "something-new/that nobody knows é.json",
            )
        ),
        *(
            (file, ())
            for file in (
                "README.md",
                "components/README.md",
                "docs/review.md",
                "docs/picture.png",
                "tests/review/test_x.py",
                "bench/fuzz.py",
                "demo/__main__.py",
                "workspace/http/app.py",
                ".gitignore",
                ".pre-commit-config.yaml",
                "renovate.json",
                "../elsewhere/Makefile",
            )
        ),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_changed_stacks_follow_from_the_files(
    repository: Path, touched: str, stacks: tuple[str, ...], *, committed: bool
) -> None:
    touch(repository / touched)
    if committed:
        commit_all(repository)
    assert changed_stacks(repository, "main").stacks == stacks
    assert changed_stacks(repository, "main").deleted == ()


@pytest.mark.parametrize("name", ["$(shell id)", "a;id", "a b", "--help", "a/b", "x" * 101])
def test_a_file_that_names_no_stack_is_none(repository: Path, name: str) -> None:
    file = f"stacks/Pulumi.{name}.yaml"
    found = changed_stacks(repository, "main", [file])
    assert (found.stacks, found.deleted) == (ALL, ())
    touch(repository / file)
    assert changed_stacks(repository, "main").stacks == ALL


def test_deployed_code_imports_nothing_excluded() -> None:
    deployed = [file for name in ("components", "policies", "toolchain") for file in (PROJECT / name).rglob("*.py")]
    deployed += [file for file in (PROJECT / "model_serving").rglob("*.py") if "workspace" not in file.parts]
    assert len(deployed) > 100
    lines = {line.strip() for file in deployed for line in file.read_text(encoding="utf-8").splitlines()}
    excluded = re.compile(r"(from|import) (bench|demo|tests|workspace|model_serving\.workspace)\b")
    assert [line for line in lines if excluded.match(line)] == []


def test_later_commits_of_main_change_no_stack(repository: Path) -> None:
    git(repository, "switch", "-q", "main")
    (repository / "Makefile").write_text("x")
    commit_all(repository)
    git(repository, "switch", "-q", "branch")
    assert changed_stacks(repository, "main").stacks == ()


def printed_json(capsys: pytest.CaptureFixture[str]) -> tuple[Any, str]:
    out, err = capsys.readouterr()
    return json.loads(out), err


def changed_command(*options: str) -> int:
    return main(["ci", "changed", "--format", "json", "--changed-since", *options])


@pytest.mark.parametrize("committed", [True, False])
def test_a_deleted_stack_file_is_reported(
    repository: Path, capsys: pytest.CaptureFixture[str], *, committed: bool
) -> None:
    main_commit = git(repository, "rev-parse", "HEAD")
    (repository / "stacks" / "Pulumi.prod.yaml").unlink()
    if committed:
        commit_all(repository)
    assert changed_stacks(repository, "main").deleted == ("prod",)
    sentence = f"""\
stacks/Pulumi.prod.yaml is deleted, but stack "prod" and its endpoints are not: they are still billed.
To retire the stack, restore the file and destroy the stack first:
  git checkout {main_commit[:12]} -- stacks/Pulumi.prod.yaml
  pulumi destroy --stack prod --run-program
  pulumi stack rm prod
The last command deletes the file, too
"""
    assert changed_command("main", "--deployed") == 0
    assert printed_json(capsys) == ([], sentence)
    assert changed_command("main", "--deployed", "--with-deleted") == 0
    assert printed_json(capsys) == (["prod"], sentence)


def test_a_renamed_file_is_a_new_stack(repository: Path) -> None:
    git(repository, "mv", "stacks/Pulumi.prod.yaml", "stacks/Pulumi.production.yaml")
    found = changed_stacks(repository, "main")
    assert (found.stacks, found.deleted) == (("production",), ("prod",))


def test_a_deleted_local_stack_is_ignored(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "stacks" / "Pulumi.local.yaml").unlink()
    assert changed_command("main", "--deployed", "--with-deleted") == 0
    assert printed_json(capsys) == ([], "")


def test_no_stack_leaves_its_review_by_its_host(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prod = repository / "stacks" / "Pulumi.prod.yaml"
    before = prod.read_text()
    prod.write_text(re.sub("databricks:host: .*", "databricks:host: http://127.0.0.1:8787", before))
    assert prod.read_text() != before
    shutil.copy(prod, repository / "stacks" / "Pulumi.new.yaml")
    assert changed_command("main", "--deployed") == 0
    assert printed_json(capsys)[0] == ["prod"]


@pytest.mark.usefixtures("repository")
def test_a_new_branch_changes_every_stack(capsys: pytest.CaptureFixture[str]) -> None:
    assert changed_command(NO_COMMIT, "--deployed") == 0
    assert printed_json(capsys) == (
        IN_ORDER,
        "There is no commit before this one (0000000…: the branch is new), so every stack counts as changed\n",
    )


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("command", [["ci", "changed"], ["review"]])
def test_an_unknown_commit_is_explained(command: Iterable[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--changed-since", "origin/nowhere"]) == 1
    assert capsys.readouterr().err == (
        'There is no commit "origin/nowhere" in this clone. Write a branch or a commit that git log shows, or fetch it '
        "first: git fetch origin nowhere. A pipeline needs the whole history (fetch-depth: 0 on GitHub, "
        'GIT_DEPTH: "0" on GitLab)\n'
    )


def test_a_branch_without_common_commit_is_explained(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(repository, "switch", "-q", "--orphan", "other")
    git(repository, "commit", "-q", "--allow-empty", "-m", "z")
    assert changed_command("main") == 1
    assert capsys.readouterr().err.startswith('"main" and HEAD have no commit in common in this clone. ')


def test_outside_of_a_repository_git_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stacks").mkdir()
    monkeypatch.chdir(tmp_path)
    assert changed_command("main") == 1
    assert "not a git repository" in capsys.readouterr().err


def test_a_pipeline_gets_reachable_stacks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(["ci", "changed", "--deployed", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == IN_ORDER
    assert is_local(PROJECT, "local")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("base.yaml", [["staging"], ["prod"], []]),
        ("Pulumi.prod.yaml", [["prod"], [], []]),
        ("schema.txt", [["staging"], ["prod"], []]),
    ],
)
def test_waves_follow_the_declared_order(
    changed: str, expected: list[list[str]], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(repository / "stacks" / changed)
    assert changed_command("main", "--deployed", "--waves", "3") == 0
    assert printed_json(capsys)[0] == expected


def test_too_many_waves_are_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touch(repository / "stacks" / "base.yaml")
    assert changed_command("main", "--deployed", "--waves", "1") == 1
    assert capsys.readouterr().err.startswith(
        "2 waves of deployments are needed, and the pipeline has 1: staging, then prod. "
    )


def test_a_cycle_of_deployments_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    staging = repository / "stacks" / "Pulumi.staging.yaml"
    staging.write_text(staging.read_text().replace("config:\n", "config:\n  model-serving:after: [prod]\n"))
    assert changed_command("main") == 1
    assert capsys.readouterr().err.startswith(
        'No order of deployments is possible: "prod" after "staging" after "prod"'
    )


@pytest.mark.parametrize("command", [["review"], ["deploy"]])
def test_an_unknown_stack_is_wrong_usage(
    command: list[str], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.exists()
    assert main([*command, "--stack", "prd"]) == 3
    error = capsys.readouterr().err
    assert error == 'Stack "prd" has no file stacks/Pulumi.prd.yaml. Stacks here: local, prod, staging\n'


ENDPOINT = {"type": "databricks:index/modelServing:ModelServing", "custom": True}
PROVIDER = {"type": "pulumi:providers:databricks", "custom": True}
STACK = {"type": "pulumi:pulumi:Stack"}


def exported(*resources: object) -> str:
    return json.dumps({"deployment": {"resources": resources}})


@pytest.mark.parametrize(
    ("printed", "pulumi_ends_in", "status", "says"),
    [
        (
            json.dumps({"deployment": {"resources": [STACK, PROVIDER, ENDPOINT]}}),
            0,
            1,
            "1 resource of it is in the state",
        ),
        (exported(STACK, PROVIDER), 0, 0, "no changes"),
        (json.dumps({"deployment": {}}), 0, 0, "no changes"),
        ("error: no stack named 'prod' found", 6, 0, "no changes"),
        ("error: the backend can't be reached", 255, 1, "error: the backend can't be reached"),
    ],
    ids=["not destroyed", "destroyed", "empty", "removed", "unknown"],
)
def test_the_review_of_a_deleted_file_reads_the_state(
    repository: Path,
    printed: str,
    pulumi_ends_in: int,
    status: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A `pulumi` that exports a state."""
    fake = repository.parent / "bin" / "pulumi"
    fake.parent.mkdir()
    lines = ("#!/bin/sh", "[ \"$1 $2\" = 'stack export' ] || exit 9", "cat <<'END'", printed, "END")
    fake.write_text("\n".join([*lines, f"exit {pulumi_ends_in}", ""]))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    git(repository, "rm", "-q", "stacks/Pulumi.prod.yaml")
    commit_all(repository)
    for arguments in (["--changed-since", "main"], ["--stack", "prod", "--base", "main"]):
        assert main(["review", *arguments, "--format", "markdown"]) == status
        report = capsys.readouterr().out
        assert says in report
        assert ("pulumi destroy --stack prod --run-program" in report) == (status == 1)
