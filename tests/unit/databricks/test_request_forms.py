"""What served entities take, from the query schema of an endpoint, and how two of them differ."""

from typing import Any

import pytest

from model_serving.databricks.request_forms import RequestForm, differences, request_forms

INTEGER, NUMBER, TEXT = (
    {"type": "integer", "format": "int64"},
    {"type": "number", "format": "double"},
    {"type": "string"},
)
ROW = {"required": ["int_col"], "type": "object", "properties": {"int_col": INTEGER, "float_col": NUMBER}}
PARAMS = {"type": "object", "properties": {"sentiment": NUMBER}}
TABLE = [
    {"type": "object", "properties": {"dataframe_split": {"type": "object"}, "params": PARAMS}},
    {"type": "object", "properties": {"dataframe_records": {"type": "array", "items": ROW}, "params": PARAMS}},
]


def document(*formats: Any) -> dict[str, Any]:
    """A document in the shape of the example in Databricks' documentation."""
    body = {"content": {"application/json": {"schema": {"oneOf": [*formats]}}}}
    return {"openapi": "3.1.0", "paths": {"/served-models/model-2/invocations": {"post": {"requestBody": body}}}}


def test_columns_of_a_model_are_read() -> None:
    form = RequestForm({"int_col": "integer", "float_col": "number"}, frozenset({"int_col"}))
    assert request_forms(document(*TABLE)) == {"model-2": form}


def test_members_of_an_agent_are_read() -> None:
    messages = {"type": "object", "properties": {"messages": {"type": "array"}, "params": PARAMS}}
    assert request_forms(document(messages)) == {"model-2": RequestForm(members=frozenset({"messages"}))}


@pytest.mark.parametrize(
    "unknown",
    [
        {},
        {"paths": None},
        {"paths": {"/served-models/model-2/invocations": {}}},
        {"paths": {"/invocations": {"post": {}}}},
        document(),
        document(TABLE[0]),
        document({"properties": {"dataframe_records": {"items": {"type": "object"}}}}),
    ],
)
def test_a_document_that_says_nothing_has_no_forms(unknown: dict[str, Any]) -> None:
    assert request_forms(unknown) == {}


ROWS = RequestForm({"a": "number", "b": "string"}, frozenset({"a"}))
CHAT = RequestForm(members=frozenset({"messages"}))


@pytest.mark.parametrize(
    ("other", "phrases"),
    [
        (ROWS, []),
        (RequestForm({"a": "number", "c": "string"}, frozenset({"a"})), []),
        (RequestForm({"a": "number", "c": "string"}, frozenset({"a", "c"})), ["also requires c"]),
        (RequestForm({"b": "string"}, frozenset()), ["does not take a"]),
        (RequestForm({"a": "string"}, frozenset({"a"})), ["takes a as string instead of number"]),
        (CHAT, ["takes `messages` instead of rows"]),
    ],
)
def test_differences_are_named(other: RequestForm, phrases: list[str]) -> None:
    assert [*differences(ROWS, other)] == phrases


def test_agents_of_different_tasks_differ() -> None:
    response = RequestForm(members=frozenset({"input"}))
    assert [*differences(CHAT, response)] == ["takes `input` instead of `messages`"]
