"""A pull request's stack files are taken as data; nothing else of it is used."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.delivery.git import fetch
from model_serving.delivery.pull_request_files import RefusedFilesError, TakenFiles, take_stack_files

PROJECT = Path(__file__).resolve().parents[3]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "commit.gpgsign=false", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "rule.py").write_text("# strict\n")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "author")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "author@example.com")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


def pull_request(folder: Path, **files: str | None) -> str:
    """The last commit of a branch with these files; the base is checked out again."""
    git(folder, "switch", "-qc", "branch")
    for name, text in files.items():
        file = folder / name
        file.unlink(missing_ok=True)
        if text is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    head = commit(folder)
    git(folder, "switch", "-q", "main")
    return head


def edited(folder: Path, name: str, old: str, new: str) -> str:
    text = (folder / name).read_text()
    assert old in text
    return text.replace(old, new)


def test_only_stack_files_are_taken(repository: Path) -> None:
    base = edited(repository, "stacks/base.yaml", "champion: 95, challenger: 5", "champion: 75, challenger: 25")
    head = pull_request(
        repository,
        **{"stacks/base.yaml": base, "policies/rule.py": "# lax\n", "Makefile": "x", "docs/a.md": "x"},
    )
    assert take_stack_files(repository, head) == TakenFiles(("stacks/base.yaml",), ("Makefile", "policies/rule.py"))
    assert (repository / "stacks/base.yaml").read_text() == base
    assert (repository / "policies/rule.py").read_text() == "# strict\n"
    assert git(repository, "status", "--short") == "M stacks/base.yaml"


def test_later_changes_of_the_base_are_kept(repository: Path) -> None:
    prod = edited(repository, "stacks/Pulumi.prod.yaml", "Medium", "Large")
    head = pull_request(repository, **{"stacks/Pulumi.prod.yaml": prod})
    (repository / "stacks/Pulumi.staging.yaml").write_text("config: {}\n")
    commit(repository)
    assert take_stack_files(repository, head).stack_files == ("stacks/Pulumi.prod.yaml",)
    assert (repository / "stacks/Pulumi.staging.yaml").read_text() == "config: {}\n"


def test_new_and_deleted_stack_files_are_taken(repository: Path) -> None:
    head = pull_request(
        repository, **{"stacks/Pulumi.prod.yaml": None, "stacks/Pulumi.eu.yaml": "config: {}\n", "stacks/x.txt": "x"}
    )
    taken = take_stack_files(repository, head)
    assert taken == TakenFiles(("stacks/Pulumi.eu.yaml", "stacks/Pulumi.prod.yaml"), ("stacks/x.txt",))
    assert sorted(file.name for file in (repository / "stacks").glob("Pulumi.*")) == [
        "Pulumi.eu.yaml",
        "Pulumi.local.yaml",
        "Pulumi.staging.yaml",
    ]


def test_links_and_huge_files_are_refused(repository: Path) -> None:
    git(repository, "switch", "-qc", "branch")
    (repository / "stacks/Pulumi.prod.yaml").unlink()
    (repository / "stacks/Pulumi.prod.yaml").symlink_to("/etc/passwd")
    (repository / "stacks/Pulumi.eu.yaml").write_text("#" * 1_000_001)
    head = commit(repository)
    git(repository, "switch", "-q", "main")
    with pytest.raises(RefusedFilesError) as refused:
        take_stack_files(repository, head)
    assert str(refused.value).splitlines() == [
        "stacks/Pulumi.eu.yaml: has 1,000,001 bytes; at most 1,000,000 are allowed",
        "stacks/Pulumi.prod.yaml: is no regular file. Commit the file itself, not a link",
    ]
    assert git(repository, "status", "--short") == ""


@pytest.mark.parametrize("name", ["$(shell id)", ";id;", "a\nb", "-x", "é"])
def test_names_that_no_stack_has_are_refused(repository: Path, name: str) -> None:
    head = pull_request(repository, **{f"stacks/Pulumi.{name}.yaml": "config: {}\n"})
    with pytest.raises(RefusedFilesError, match="no stack can have this name") as refused:
        take_stack_files(repository, head)
    assert str(refused.value).isascii()
    assert "\n" not in str(refused.value)


def test_a_name_that_is_no_text_is_no_stack_file(repository: Path) -> None:
    git(repository, "switch", "-qc", "branch")
    (repository / "policies" / os.fsdecode(b"caf\xe9.py")).write_text("")
    head = commit(repository)
    git(repository, "switch", "-q", "main")
    assert take_stack_files(repository, head) == TakenFiles((), ("policies/caf\ufffd.py",))


def test_conflicting_stack_files_are_refused(repository: Path) -> None:
    head = pull_request(
        repository, **{"stacks/Pulumi.prod.yaml": edited(repository, "stacks/Pulumi.prod.yaml", "Medium", "Large")}
    )
    own = edited(repository, "stacks/Pulumi.prod.yaml", "Medium", "Small")
    (repository / "stacks/Pulumi.prod.yaml").write_text(own)
    commit(repository)
    with pytest.raises(RefusedFilesError, match=r"stacks/Pulumi.prod.yaml: conflicts with the base branch"):
        take_stack_files(repository, head)


def test_a_missing_commit_is_explained(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci", "take", "--head", "0123abc", "--judge-changed", "judge.txt"]) == 1
    assert 'Commit "0123abc" can\'t be fetched from the remote `origin`' in capsys.readouterr().err
    assert not (repository / "judge.txt").exists()


@pytest.mark.parametrize(
    ("files", "stacks"),
    [({"policies/rule.py": "# lax\n"}, ["staging", "prod"]), ({"docs/a.md": "x"}, [])],
    ids=["judge", "documentation"],
)
def test_changes_of_the_judge_concern_every_stack(
    files: dict[str, str], stacks: list[str], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = pull_request(repository, **files)
    judge = repository.parent / "judge.txt"
    assert main(["ci", "take", "--head", head, "--judge-changed", str(judge)]) == 0
    capsys.readouterr()
    changed = ["ci", "changed", "--deployed", "--json", "--changed-since", "HEAD", "--also", str(judge)]
    assert main(changed) == 0
    assert json.loads(capsys.readouterr().out) == stacks


def test_a_fetch_keeps_the_token_off_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes, fake = tmp_path / "notes", tmp_path / "git"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {notes}\necho "$GIT_CONFIG_KEY_0=$GIT_CONFIG_VALUE_0" >> {notes}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    fetch(tmp_path, "0a1b", {"GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://github.example"})
    command, setting = notes.read_text().splitlines()
    assert command == "fetch --quiet --no-tags origin 0a1b"
    assert setting == "http.https://github.example/.extraheader=Authorization: Basic eC1hY2Nlc3MtdG9rZW46dA=="
