"""The status that a branch rule can require, and the protection of the environments that it relies on."""

import pytest

from model_serving.cli.main import main
from model_serving.delivery.gate import LONGEST, Results, gate
from tests.support.fake_forge import FakeForge, fake_forge

BOTH = ("staging", "prod")


@pytest.mark.parametrize(
    ("results", "passed", "text"),
    [
        (Results("success", "skipped", (), stack_files=False, outsider=False), True, "No stack is changed"),
        (
            Results("success", "failure", None, stack_files=True, outsider=False),
            False,
            "The list of the changed stacks",
        ),
        (
            Results("success", "skipped", None, stack_files=False, outsider=True),
            False,
            "The list of the changed stacks",
        ),
        (Results("success", "success", BOTH, stack_files=True, outsider=False), True, "Reviewed: staging, prod"),
        (Results("success", "failure", BOTH, stack_files=True, outsider=False), False, "The review failed"),
        (Results("success", "cancelled", BOTH, stack_files=True, outsider=False), False, "The review failed"),
        (Results("success", "skipped", BOTH, stack_files=True, outsider=False), False, "The review failed"),
        (Results("failure", "skipped", (), stack_files=True, outsider=False), False, "The stack files can't be used"),
        (Results("success", "skipped", BOTH, stack_files=True, outsider=True), False, "Not reviewed, without cred"),
        (Results("success", "skipped", BOTH, stack_files=False, outsider=True), True, "Not reviewed, no stack file"),
    ],
)
def test_the_status_follows_from_the_jobs(results: Results, passed: bool, text: str) -> None:
    found = gate(results)
    assert found.passed is passed
    assert found.text.startswith(text)
    assert len(found.text) <= LONGEST


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> object:
    with fake_forge("github") as forge:
        for name, value in forge.environment().items():
            monkeypatch.setenv(name, value)
        yield forge


def test_the_status_is_written_to_the_last_commit(forge: FakeForge, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--head", "0a1b", "--check", "success", "--review", "failure", "--stacks", '["prod"]']
    assert main(["ci", "gate", *options]) == 1
    assert forge.statuses == {"0a1b": ("failure", "The review failed: see the comments for prod")}
    assert capsys.readouterr().out == "The review failed: see the comments for prod\n"
    assert main(["ci", "gate", "--head", "0a1b", "--check", "success", "--stacks", "[]"]) == 0
    assert forge.statuses["0a1b"][0] == "success"


def test_a_lost_list_fails_the_gate(forge: FakeForge) -> None:
    checked = ["ci", "gate", "--head", "0a1b", "--check", "success"]
    assert main([*checked, "--review", "failure", "--stacks", ""]) == 1
    assert forge.statuses == {"0a1b": ("failure", "The list of the changed stacks is missing: see the job check")}
    outsider = [*checked, "--outsider", "--stacks", '["prod"]']
    assert main([*outsider, "--stack-files", "none "]) == 0
    assert main([*outsider, "--stack-files", ""]) == 1


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (None, "it does not exist"),
        ([{"type": "branch_policy"}], "it has no required reviewers"),
        ([{"type": "required_reviewers", "reviewers": []}], "it has no required reviewers"),
        (
            [{"type": "required_reviewers", "reviewers": [{}], "prevent_self_review": False}],
            "whoever starts a run may approve it themselves",
        ),
        ([{"type": "required_reviewers", "reviewers": [{}], "prevent_self_review": True}], ""),
    ],
)
def test_an_unprotected_environment_is_refused(
    rules: object, why: str, forge: FakeForge, capsys: pytest.CaptureFixture[str]
) -> None:
    if rules is not None:
        forge.protection["prod-approval"] = rules
    assert main(["ci", "protected", "--environment", "prod-approval"]) == (1 if why else 0)
    assert (f"Environment prod-approval protects nothing: {why}. " in capsys.readouterr().err) is bool(why)


def test_gitlab_has_no_gate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    with fake_forge("gitlab") as forge:
        for name, value in forge.environment().items():
            monkeypatch.setenv(name, value)
        assert main(["ci", "gate", "--head", "0a1b", "--check", "success"]) == 3
    assert "require that pipelines succeed" in capsys.readouterr().err
