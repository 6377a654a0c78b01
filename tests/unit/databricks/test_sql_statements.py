"""Statements on a SQL warehouse: waiting, chunks, failures and bounds."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from model_serving.databricks import sql_statements
from model_serving.databricks.sql_statements import (
    Parameter,
    StatementFailedError,
    StatementTimeoutError,
    quoted,
    select,
)

DONE = {
    "statement_id": "s1",
    "status": {"state": "SUCCEEDED"},
    "manifest": {"schema": {"columns": [{"name": "a"}, {"name": "b"}]}},
    "result": {"data_array": [["1", None]], "next_chunk_index": 1},
}


class Scripted:
    """A workspace whose answers are given in advance. `calls` are those that it got."""

    def __init__(self, *answers: Mapping[str, Any]) -> None:
        self.answers = [*answers]
        self.calls: list[tuple[str, str, Any]] = []

    def call(self, method: str, path: str, body: Any = None) -> Mapping[str, Any]:
        self.calls.append((method, path, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def get(self, path: str) -> Mapping[str, Any]:
        return self.call("GET", path)

    def select(self, **options: Any) -> list[Any]:
        return [*select(cast("Any", self), "w1", "SELECT a, b FROM t", {"since": Parameter("1", "INT")}, **options)]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_statements, "_PAUSE_SECONDS", 0)


def waiting(state: str) -> dict[str, Any]:
    return {"statement_id": "s1", "status": {"state": state}}


def test_all_chunks_are_read() -> None:
    workspace = Scripted(DONE, {"data_array": [["2", "x"]]})
    assert workspace.select() == [{"a": "1", "b": None}, {"a": "2", "b": "x"}]
    assert workspace.calls[1][:2] == ("GET", "/api/2.0/sql/statements/s1/result/chunks/1")


def test_values_are_sent_as_parameters() -> None:
    workspace = Scripted(DONE, {})
    workspace.select()
    body = workspace.calls[0][2]
    assert body["parameters"] == [{"name": "since", "value": "1", "type": "INT"}]
    assert (body["disposition"], body["format"], body["on_wait_timeout"]) == ("INLINE", "JSON_ARRAY", "CONTINUE")


def test_a_waiting_statement_is_polled() -> None:
    states: list[str] = []
    workspace = Scripted(waiting("PENDING"), waiting("RUNNING"), DONE, {})
    rows = workspace.select(waiting=lambda state, _: states.append(state))
    assert (states, len(rows)) == (["PENDING", "RUNNING"], 1)


def test_a_statement_that_does_not_end_is_canceled() -> None:
    workspace = Scripted(waiting("PENDING"))
    with pytest.raises(StatementTimeoutError, match="warehouse w1 is PENDING after 0 seconds, so it was canceled"):
        workspace.select(timeout=0)
    assert workspace.calls[-1][:2] == ("POST", "/api/2.0/sql/statements/s1/cancel")


def test_a_result_without_rows_is_empty() -> None:
    assert Scripted(DONE | {"result": {}}).select() == []


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (
            {
                "state": "FAILED",
                "error": {"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_NOT_FOUND] The\ntable"},
            },
            "TABLE_OR_VIEW_NOT_FOUND",
            "[TABLE_OR_VIEW_NOT_FOUND] The table",
        ),
        ({"state": "FAILED", "error": {"error_code": "BAD_REQUEST", "message": "Too big"}}, "BAD_REQUEST", "Too big"),
        ({"state": "CANCELED"}, "CANCELED", "The statement is CANCELED"),
        ({"state": "CLOSED"}, "CLOSED", "The statement is CLOSED"),
    ],
)
def test_a_failed_statement_has_its_condition(status: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(StatementFailedError) as error:
        Scripted({"statement_id": "s1", "status": status}).select()
    assert (error.value.code, str(error.value)) == (code, text)


def test_names_with_backticks_are_quoted() -> None:
    assert quoted("main", "my schema", "a`b_payload") == "`main`.`my schema`.`a``b_payload`"
