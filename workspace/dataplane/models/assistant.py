"""An assistant that answers from a table of words, one of the models of a new workspace: an example of a chat model.

`TASK` makes a Python file a chat model: `agent/v1/chat` takes `messages` and answers with `choices`. Version 2 knows
one answer more than version 1.
"""

from typing import Any

TASK = "agent/v1/chat"

ANSWERS = {"fraud": "It looks like fraud: ask the customer to confirm it.", "refund": "Refunds take three days."}
SINCE_VERSION_2 = {"limit": "The limit is 500 a day."}


def reply(messages: list[dict[str, Any]], version: str) -> str:
    """The answer to the last message."""
    known = ANSWERS if version == "1" else ANSWERS | SINCE_VERSION_2
    question = str(messages[-1]["content"]).lower()
    return next((answer for word, answer in known.items() if word in question), "I can't help with that.")
