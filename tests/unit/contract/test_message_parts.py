"""The parts of a message survive the engine, which carries it as text."""

import pytest

from model_serving.contract.message_parts import MessageParts, message_parts


@pytest.mark.parametrize(
    "parts",
    [
        MessageParts("It is wrong"),
        MessageParts("It is wrong", ("traffic", "champion"), ("Write 1", "Or write 2")),
        MessageParts("It is wrong:\n  this: that\nfor a reason", fixes=("pulumi up --stack prod",)),
    ],
    ids=["bare", "field and fixes", "several lines"],
)
def test_written_parts_are_read_again(parts: MessageParts) -> None:
    assert message_parts(str(parts)) == parts


def test_other_texts_are_messages() -> None:
    text = "error: a fix: is not at the start\n  fix: neither is this"
    assert message_parts(text) == MessageParts(text)
