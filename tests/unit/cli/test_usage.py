"""Help, exit statuses and wrong usage of every command: 3, since 2 says that a change needs approval."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from model_serving import __version__
from model_serving.cli.ci import ci_command
from model_serving.cli.main import main, model_serving
from tests.support.warm_python.environment import warm_environment

PROJECT = Path(__file__).resolve().parents[3]
NEEDS_A_STACK = ("review", "review-comment", "approved", "deploy", "smoke", "outputs", "drift", "drift-issue")


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = warm_environment() / "bin" / "python"
    return subprocess.run([program, "-m", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        "nonsense",
        "review --nonsense",
        "review --stack",
        "review --stack --refresh",
        "review",
        "check --format xml",
        "ci changed --nonsense",
        "promote staging",
        "deploy",
        "ci comment --stack prod",
        "ci issue",
        "ci merged",
        "query",
        "smoke",
        "stop fraud",
        "start --stack prod",
    ],
)
def test_wrong_usage_of_a_subcommand_ends_with_3(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 3
    printed = capsys.readouterr()
    assert (printed.out, bool(printed.err)) == ("", True)


@pytest.mark.parametrize(
    "command",
    [
        "model_serving",
        "model_serving review",
        "workspace nonsense",
        "workspace --port nonsense",
        "workspace --switch nonsense",
        "workspace --limit nonsense=1",
        "toolchain",
        "toolchain nonsense",
        "model_serving.contract nonsense",
    ],
)
def test_wrong_usage_of_a_program_ends_with_3(command: str) -> None:
    ran = python(*command.split())
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("command", "can_need_approval"), [("", True), ("review", True), ("deploy", True), ("smoke", False)]
)
def test_help_lists_the_exit_statuses(
    command: str, capsys: pytest.CaptureFixture[str], *, can_need_approval: bool
) -> None:
    assert main([*command.split(), "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "3 wrong usage" in printed
    assert ("2 needs approval" in printed) is can_need_approval


@pytest.mark.parametrize("program", ["workspace", "toolchain"])
def test_help_of_a_program_lists_the_exit_statuses(program: str) -> None:
    ran = python(program, "--help")
    assert ran.returncode == 0
    assert "3 wrong usage" in " ".join(ran.stdout.split())
    assert "2 needs approval" not in " ".join(ran.stdout.split())


def subcommands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of every subcommand, the group's own first."""
    yield path
    for name in group.commands:
        if name == "ci":
            yield from subcommands(ci_command, name)
        else:
            yield (*path, name)


COMMANDS = list(subcommands(model_serving))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_fits_a_screen(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*command, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # The list of all subcommands has a line for each.
    assert len(lines) <= (24 if command else 36)
    assert max(map(len, lines)) <= 100
    (example,) = [line for line in lines if line.startswith("  Example: ")]
    assert " ".join(("model-serving", *command)) in example


@pytest.mark.parametrize(
    ("typed", "meant"), [("chekc", "check"), ("ci comments", "comment"), ("check --stak", "--stack")]
)
def test_a_misspelling_gets_a_suggestion(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split()) == 3
    assert f"Did you mean '{meant}'?" in capsys.readouterr().err


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"model-serving, version {__version__}\n"


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci", "comment", "--stack", "prod", "--pull-request", "7", "--file", "nowhere.md"]) == 1
    assert capsys.readouterr().err == "nowhere.md: No such file or directory\n"


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("model_serving.cli.check.check", interrupted)
    assert main(["check"]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted"


def test_the_workspace_runs_as_a_program() -> None:
    ran = python("model_serving", "workspace", "credentials", "--db", ":memory:", "--port", "1")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("export DATABRICKS_HOST=http://127.0.0.1:1\n")


@pytest.mark.parametrize("target", NEEDS_A_STACK)
def test_a_make_target_requires_its_stack(target: str) -> None:
    run = subprocess.run(
        ["make", "-s", target, "NUMBER=1", "STACK="], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert f"Which stack? make {target} STACK=prod" in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("target", "names"),
    [("review-comment", "NUMBER=7"), ("approved", "NUMBER=7"), ("merged-pull-request", "COMMIT=")],
)
def test_a_make_target_requires_its_number(target: str, names: str) -> None:
    run = subprocess.run(["make", "-s", target, "STACK=prod"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert f"make {target}" in run.stderr
    assert names.partition("=")[0] in run.stderr


@pytest.mark.parametrize(
    "given",
    [
        "STACK=$(shell touch {})",
        "STACK=prod;touch {};",
        "STACK=prod ",
        "STACK=prod${EMPTY}",
        "STACK=-x",
        "REVIEWED=$(shell touch {})",
        "HEAD=$(shell touch {})",
        'SINCE=";touch {};"',
        "NUMBER=`touch {}`",
    ],
)
def test_a_make_target_refuses_strange_names(given: str, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    variables = ["STACK=prod", "NUMBER=7", given.replace("{}", str(trace))]
    command = ["make", "-s", "--dry-run", "ready", "review", "deploy", "approved", *variables]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert f"{given.partition('=')[0]} " in run.stderr
    assert not trace.exists()


def test_make_targets_accept_refs_and_names() -> None:
    given = ["STACK=fraud-prod.2", "SINCE=origin/feature/x~1", "HEAD=0123abc", "REVIEWED=", "NUMBER=7"]
    run = subprocess.run(
        ["make", "-s", "--dry-run", "ready", *given], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "--stack fraud-prod.2" in run.stdout
