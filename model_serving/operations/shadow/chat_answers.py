"""What a chat answer says: its texts and tool calls, without ids, times and token counts.

Sources: MLflow, `types/chat.py` (`choices`), `types/agent.py` (`messages` of a ChatAgent) and `types/responses.py`
(`output` of a ResponsesAgent).
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spoken:
    """The parts of a chat answer that a user notices, and the number of characters in its texts."""

    parts: list[dict[str, Any]]
    length: int


def spoken(answer: Any) -> Spoken | None:
    """What a chat answer says; None for any other answer."""
    if not isinstance(answer, dict):
        return None
    for member, part in (("choices", _choice), ("messages", _message), ("output", _item)):
        listed = answer.get(member)
        if isinstance(listed, list) and all(isinstance(each, dict) for each in listed):
            parts = [{member: part(each)} for each in listed]
            return Spoken(parts, sum(_length(each) for each in parts))
    return None


def _choice(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    return _message(message) if isinstance(message, dict) else {"text": choice.get("text")}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    calls = [each.get("function") for each in message.get("tool_calls") or [] if isinstance(each, dict)]
    return {"text": message.get("content")} | ({"tool_calls": calls} if calls else {})


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """An item of `output`: a message with texts, or a call of a function."""
    if isinstance(content := item.get("content"), list):
        return {"text": "".join(str(each.get("text") or "") for each in content if isinstance(each, dict))}
    return {name: item[name] for name in ("type", "name", "arguments", "output") if name in item}


def _length(part: dict[str, Any]) -> int:
    return sum(len(value["text"]) for value in part.values() if isinstance(value.get("text"), str))
