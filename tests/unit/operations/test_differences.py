"""Where two answers differ, and whether an expectation is met."""

import pytest

from model_serving.operations.differences import ABSENT, Difference, differences, unmet


def test_each_difference_has_its_path() -> None:
    left = {"predictions": [{"score": 1, "label": "a"}, 2], "model": "x"}
    right = {"predictions": [{"score": 2, "label": "a"}], "seen": True}
    assert list(differences(left, right)) == [
        Difference("predictions[0].score", 1, 2),
        Difference("predictions[1]", 2, ABSENT),
        Difference("model", "x", ABSENT),
        Difference("seen", ABSENT, True),
    ]


def test_true_is_not_one() -> None:
    assert list(differences(True, 1)) == [Difference("", True, 1)]
    assert unmet({"a": 1}, {"a": True}) == ["a: expected 1, found True"]


@pytest.mark.parametrize(
    ("expected", "found"),
    [({}, {"a": 1}), ({"a": {}}, {"a": {"b": 1}}), ({"a": 0.3}, {"a": 0.1 + 0.2}), ({"a": [1]}, {"a": [1], "b": 2})],
)
def test_an_expectation_is_met(expected: object, found: object) -> None:
    assert unmet(expected, found) == []


@pytest.mark.parametrize(
    ("expected", "found", "fault"),
    [
        ({"a": [1]}, {"a": [1, 2]}, "a[1]: expected nothing, found 2"),
        ({"a": 1}, {}, "a: expected 1, found nothing"),
        ({"a": 1}, {"a": "1"}, "a: expected 1, found '1'"),
        ({"a": 1}, [1], "the answer: expected {'a': 1}, found [1]"),
    ],
)
def test_an_expectation_is_not_met(expected: object, found: object, fault: str) -> None:
    assert unmet(expected, found) == [fault]
