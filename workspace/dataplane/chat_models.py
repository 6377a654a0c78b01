"""Custom models that speak chat: agents and chat models, registered as any other model.

The task of a model decides the form of its requests and answers. Sources: MLflow, `pyfunc/model.py` (the tasks),
`types/llm.py` (ChatModel), `types/agent.py` (ChatAgent), `types/responses.py` (ResponsesAgent, with its stream events)
and `pyfunc/utils/serving_data_parser.py`; product documentation, query deployed agents. The service's own agents add
`databricks_output`, which is left out here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from model_serving.workspace.http.errors import BadRequest
from model_serving.workspace.store.database import Json

CHAT: Final = "agent/v1/chat"
CHAT_AGENT: Final = "agent/v2/chat"
RESPONSES: Final = "agent/v1/responses"
TASKS: Final = ("llm/v1/chat", CHAT, CHAT_AGENT, RESPONSES)
"""The tasks that MLflow gives to a chat model of its own flavors, a ChatModel, a ChatAgent and a ResponsesAgent."""


@dataclass(frozen=True)
class ChatModel:
    """A model with a task. Its function takes the messages and the served version, and returns a text."""

    task: str
    function: Callable[[list[Json], str], str]

    @property
    def input(self) -> str:
        """The member of a request that has the messages."""
        return "input" if self.task == RESPONSES else "messages"

    def respond(self, body: Json, version: str, response_id: str, created: int) -> Json:
        """The answer in the form of the task. Raises BadRequest for a request in another form."""
        messages = self._messages(body)
        try:
            text = str(self.function(messages, version))
        except Exception as error:
            raise BadRequest(
                "Encountered an unexpected error while evaluating the model. Verify that the input is compatible with"
                f" the model for inference. Error '{type(error).__name__}: {error}'"
            ) from error
        usage = _usage(messages, text)
        match self.task:
            case "agent/v1/responses":
                content = [{"type": "output_text", "text": text, "annotations": []}]
                item = {"type": "message", "id": f"msg-{response_id}", "role": "assistant", "content": content}
                return {"object": "response", "id": response_id, "output": [item], "usage": usage}
            case "agent/v2/chat":
                message = {"role": "assistant", "content": text, "id": f"msg-{response_id}"}
                return {"messages": [message], "finish_reason": "stop", "usage": usage}
            case _:
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
                shared = {"id": response_id, "object": "chat.completion", "created": created, "model": "agent"}
                return shared | {"choices": [choice], "usage": usage}

    def _messages(self, body: Json) -> list[Json]:
        messages = body.get(self.input)
        if isinstance(messages, str) and self.task == RESPONSES:
            return [{"role": "user", "content": messages}]
        if messages is None:
            raise BadRequest(
                f"Failed to enforce schema of data. Error: Model is missing inputs ['{self.input}']. Its task is"
                f" {self.task}."
            )
        if not isinstance(messages, list) or not messages or not all(_is_message(each) for each in messages):
            raise BadRequest(f"Invalid input. '{self.input}' must be a list of messages with 'role' and 'content'.")
        return messages


def last_text(messages: list[Json]) -> str:
    """The text of the last message. `content` is a text or a list of parts with texts."""
    content = messages[-1].get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def agent_events(response: Json) -> str:
    """The answer of a ChatAgent or ResponsesAgent to `stream`: an event for each word, and one for the whole text."""
    if "output" in response:
        (item,) = response["output"]
        words = _pieces(item["content"][0]["text"])
        events = [{"type": "response.output_text.delta", "item_id": item["id"], "delta": word} for word in words]
        events.append({"type": "response.output_item.done", "item": item})
    else:
        (message,) = response["messages"]
        events = [{"delta": message | {"content": word}} for word in _pieces(message["content"])]
    texts = [json.dumps(event) for event in events]
    return "".join(f"data: {text}\n\n" for text in [*texts, "[DONE]"])


def _pieces(text: str) -> list[str]:
    return [word if not number else f" {word}" for number, word in enumerate(text.split(" "))]


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


def _usage(messages: list[Json], text: str) -> Json:
    prompt = sum(len(last_text([message]).split()) for message in messages)
    completion = len(text.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
