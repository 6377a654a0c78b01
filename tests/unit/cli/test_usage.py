"""Wrong usage ends in 3, everywhere: 2 says that a change needs approval, and 1 that something failed."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
NEEDS_A_STACK = ("review", "review-comment", "reviewed", "deploy", "smoke", "outputs", "drift", "drift-issue")


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        "model_serving",
        "model_serving nonsense",
        "model_serving review --nonsense",
        "model_serving review --stack",
        "model_serving review --stack --refresh",
        "model_serving review",
        "model_serving check --format xml",
        "model_serving ci changed --nonsense",
        "model_serving promote staging",
        "model_serving deploy",
        "model_serving ci comment --stack prod",
        "model_serving ci issue",
        "model_serving ci merged",
        "model_serving query",
        "model_serving smoke",
        "workspace nonsense",
        "workspace --port nonsense",
        "workspace --switch nonsense",
        "workspace --limit nonsense=1",
        "toolchain",
        "toolchain nonsense",
        "model_serving.contract nonsense",
    ],
)
def test_wrong_usage_has_a_status_of_its_own(command: str) -> None:
    ran = python(*command.split())
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "command",
    ["model_serving", "model_serving review", "model_serving deploy", "model_serving smoke", "workspace", "toolchain"],
)
def test_help_says_the_exit_statuses(command: str) -> None:
    ran = python(*command.split(), "--help")
    assert ran.returncode == 0
    assert "3 wrong usage" in " ".join(ran.stdout.split())
    assert ("2 needs approval" in " ".join(ran.stdout.split())) == (
        command in {"model_serving", "model_serving review"}
    )


@pytest.mark.parametrize("target", NEEDS_A_STACK)
def test_a_target_without_its_stack_fails_with_a_sentence(target: str) -> None:
    run = subprocess.run(
        ["make", "-s", target, "NUMBER=1", "STACK="], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert f"Which stack? make {target} STACK=prod" in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("target", "names"),
    [("review-comment", "NUMBER=7"), ("reviewed", "NUMBER=7"), ("merged-pull-request", "COMMIT=")],
)
def test_a_target_without_its_number_fails_with_a_sentence(target: str, names: str) -> None:
    run = subprocess.run(["make", "-s", target, "STACK=prod"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert f"make {target}" in run.stderr
    assert names.partition("=")[0] in run.stderr
