"""What counts as the same answer, and the figures of the fields that differ."""

from typing import Any

import pytest

from model_serving.operations.shadow.comparison import compare, field_reports

MESSAGE = {"role": "assistant", "content": "Yes."}
CHAT = {"id": "1", "created": 1, "choices": [{"index": 0, "message": MESSAGE}], "usage": {"total_tokens": 4}}
AGENT = {"messages": [{"role": "assistant", "content": "Yes.", "id": "a"}]}
RESPONSE = {"id": "1", "output": [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Yes."}]}]}


@pytest.mark.parametrize(
    ("live", "shadow", "agrees"),
    [
        ({"predictions": [0.5]}, {"predictions": [0.5 + 1e-9]}, True),
        ({"predictions": [0.5]}, {"predictions": [0.51]}, False),
        ({"predictions": [1]}, {"predictions": [True]}, False),
        ({"predictions": ["a"]}, {"predictions": ["a", "b"]}, False),
        ({"predictions": [{"label": "a"}]}, {"predictions": [{"label": "a", "score": 1}]}, False),
        ({"predictions": [None]}, {"predictions": [None]}, True),
        (CHAT, CHAT | {"id": "2", "created": 2, "usage": {}}, True),
        (CHAT, CHAT | {"choices": [{"message": MESSAGE | {"content": "No."}}]}, False),
        (AGENT, {"messages": [{"role": "assistant", "content": "Yes.", "id": "b"}]}, True),
        (RESPONSE, {"output": [{"type": "message", "content": [{"type": "output_text", "text": "No."}]}]}, False),
        (CHAT, {"predictions": [1]}, False),
    ],
)
def test_same_answers_agree(live: dict[str, Any], shadow: dict[str, Any], agrees: bool) -> None:
    assert compare(live, shadow).agrees is agrees


def test_tolerance_is_relative() -> None:
    assert compare({"predictions": [100.0]}, {"predictions": [100.9]}, tolerance=0.01).agrees
    assert not compare({"predictions": [100.0]}, {"predictions": [102.0]}, tolerance=0.01).agrees


def test_tool_calls_count_without_their_ids() -> None:
    def calling(name: str, number: str) -> dict[str, Any]:
        call = {"id": number, "function": {"name": name, "arguments": "{}"}}
        return {"choices": [{"message": {"content": None, "tool_calls": [call]}}]}

    assert compare(calling("refund", "1"), calling("refund", "2")).agrees
    assert not compare(calling("refund", "1"), calling("block", "1")).agrees


def test_lengths_of_chat_answers_are_measured() -> None:
    longer = CHAT | {"choices": [{"message": MESSAGE | {"content": "Certainly."}}]}
    assert compare(CHAT, longer).lengths == (4, 10)


def test_fields_have_the_distribution_of_their_distances() -> None:
    comparisons = [compare({"predictions": [0.0]}, {"predictions": [step / 100]}) for step in range(101)]
    (field,) = field_reports(comparisons)
    assert (field.path, field.compared, field.differing) == ("predictions[]", 101, 100)
    assert field.numbers
    assert (field.numbers.maximum, field.numbers.p50, field.numbers.p95) == pytest.approx((1.0, 0.5, 0.95))


def test_fields_that_agree_are_left_out() -> None:
    assert field_reports([compare({"predictions": [{"a": 1, "b": 1}]}, {"predictions": [{"a": 1, "b": 2}]})]) == (
        field_reports([compare({"predictions": [{"b": 1}]}, {"predictions": [{"b": 2}]})])
    )
