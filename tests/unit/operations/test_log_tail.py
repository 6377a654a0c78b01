"""What is new in a log that is read again and again: nothing is lost, and nothing comes twice."""

import random

import pytest

from model_serving.operations.logs.tail import Tail


def new_parts(*texts: str) -> list[str]:
    tail = Tail()
    return [tail.new(text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (["", "a\n", "a\nb\n"], ["", "a\n", "b\n"]),
        (["a\n", "a\n", "a\na\n"], ["a\n", "", "a\n"]),
        (["a\nb\nc\n", "b\nc\nd\n"], ["a\nb\nc\n", "d\n"]),
        (["a\nb\n", "a\n", "a\nb\nc\n"], ["a\nb\n", "", "c\n"]),
        (["a\n", "", "a\nb\n"], ["a\n", "", "b\n"]),
        (["a\nb", "a\nbc\n"], ["a\n", "bc\n"]),
        (["a\nb", "a\nb", "a\nb", "a\nb\nc\n"], ["a\n", "b", "", "\nc\n"]),
        (["a\nb\n", "x\ny\n"], ["a\nb\n", "x\ny\n"]),
        (["a\nb\na\nc\n", "a\nc\nd\n"], ["a\nb\na\nc\n", "d\n"]),
    ],
)
def test_each_line_is_given_once(texts: list[str], parts: list[str]) -> None:
    assert new_parts(*texts) == parts


def test_another_log_is_noticed() -> None:
    tail = Tail()
    tail.new("a\n")
    assert (tail.new("b\n"), tail.started_over) == ("b\n", True)
    assert (tail.new("b\nc\n"), tail.started_over) == ("c\n", False)


def test_a_rolling_log_is_given_whole() -> None:
    """Reads of the last 50 of 500 lines, at most 40 lines apart."""
    draw = random.Random(7)  # noqa: S311 - no secret
    lines = [f"line {number}\n" for number in range(500)]
    tail, given, end = Tail(), "", 0
    while end < len(lines):
        end = min(len(lines), end + draw.randrange(40))
        given += tail.new("".join(lines[max(0, end - 50) : end]))
    assert given == "".join(lines)
