"""The runner of the workflows: GitHub's expressions, and what GitHub would refuse."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.workflow_runner import documents, expressions
from tests.support.workflow_runner.documents import WorkflowError
from tests.support.workflow_runner.expressions import ExpressionError, condition, evaluate, interpolated
from tests.support.workflow_runner.repository import Environment
from tests.support.workflow_runner.token_permissions import missing_permission

CONTEXTS: dict[str, Any] = {
    "github": {"ref": "refs/heads/main", "event": {"number": 7}},
    "needs": {"check": {"result": "success", "outputs": {"waves": '[["staging"],[]]'}}},
    "vars": {},
}
PASSING = {"success": lambda: True, "always": lambda: True, "failure": lambda: False}
FAILING = {**PASSING, "success": lambda: False}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        ("1 == 1.0", True),
        ("'A' == 'a'", True),
        ("null == ''", True),
        ("'x' == 0", False),
        ("!false && 'yes'", "yes"),
        ("false || 'no'", "no"),
        ("github.event.number", 7),
        ("github.event.missing.deeper", None),
        ("vars.MISSING", ""),
        ("fromJSON(needs.check.outputs.waves)[0][0]", "staging"),
        ("fromJSON(needs.check.outputs.waves)[1][0] != ''", False),
        ("false && fromJSON('')", False),
        ("contains(fromJSON('[\"a\"]'), 'A')", True),
        ("startsWith(github.ref, 'refs/heads/') && endsWith(github.ref, 'main')", True),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
        ("join(fromJSON('[1,2]'), ' ')", "1 2"),
        ("(1 == 2) == false", True),
    ],
)
def test_expressions_are_evaluated_as_on_github(text: str, value: Any) -> None:
    assert evaluate(text, CONTEXTS, PASSING) == value


@pytest.mark.parametrize(
    "text",
    ["needs.other.result", "secret.X", "unknown()", "github.reff", "1 +", "'open", "1 2", "needs.check.outputs.x"],
)
def test_a_mistake_in_an_expression_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXTS, PASSING)


def test_a_condition_needs_success_unless_it_says_otherwise() -> None:
    assert condition("github.event.number == 7", CONTEXTS, PASSING)
    assert not condition("github.event.number == 7", CONTEXTS, FAILING)
    assert condition("${{ always() && github.event.number == 7 }}", CONTEXTS, FAILING)


def test_text_keeps_what_is_no_expression() -> None:
    assert interpolated("a-${{ github.event.number }}-$B", CONTEXTS, PASSING) == "a-7-$B"
    with pytest.raises(ExpressionError, match="toJSON"):
        interpolated("${{ github.event }}", CONTEXTS, PASSING)
    assert expressions.value_of("${{ github.event.number }}", CONTEXTS, PASSING) == 7


@pytest.mark.parametrize(
    "change",
    [
        ("runs-on: x", "runs-on: x\n    services: {}"),
        ("run: make", "run: make\n        timeout: 1"),
        ("on: push", "on: fork"),
        ("contents: read", "packages: write"),
        ("- run: make", "- name: nothing"),
    ],
)
def test_an_unknown_key_is_an_error(change: tuple[str, str], tmp_path: Path) -> None:
    text = "on: push\npermissions: {contents: read}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n"
    text = text.replace("on: push", "on: {push: }").replace("{contents: read}", "\n  contents: read")
    file = tmp_path / "x.yml"
    file.write_text(text)
    documents.workflow(file)
    old, new = (each.replace("on: push", "push: ").replace("on: fork", "fork: ") for each in change)
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(WorkflowError):
        documents.workflow(file)


@pytest.mark.parametrize(
    ("branches", "ref", "allowed"),
    [
        (["main"], "refs/heads/main", True),
        (["main"], "refs/heads/mine", False),
        (["main"], "refs/pull/7/merge", False),
        (["release/*"], "refs/heads/release/1", True),
        (None, "refs/pull/7/merge", True),
    ],
)
def test_environments_judge_the_ref_of_the_run(branches: list[str] | None, ref: str, *, allowed: bool) -> None:
    assert Environment(branches=branches).allows(ref) is allowed


def test_a_token_may_do_what_its_job_declares() -> None:
    granted = documents.permissions({"pull-requests": "write"}, "a job")
    assert missing_permission(granted, "POST", "/repos/o/n/issues/7/comments") == ""
    assert missing_permission(granted, "POST", "/repos/o/n/issues") == "issues: write"
    assert missing_permission(granted, "POST", "/repos/o/n/statuses/0a1b") == "statuses: write"
