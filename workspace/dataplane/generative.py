"""Responses of foundation and external models: chat, completions and embeddings that echo the request.

Source of the formats: REST reference, query a serving endpoint.
"""

import json
from typing import Any

from model_serving.workspace.dataplane.scoring import Echo
from model_serving.workspace.http.errors import BadRequest
from model_serving.workspace.store.database import Json


def generate(entity: Json, body: Json, response_id: str, created: int) -> Json:
    external = entity.get("external_model") or {}
    model = str(external.get("name") or entity.get("entity_name"))
    if "input" in body:
        return _embeddings(model, body["input"])
    text = _prompt(body)
    usage = {"prompt_tokens": len(text.split()), "completion_tokens": len(text.split())}
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    is_chat = "messages" in body
    message = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    return {
        "id": response_id,
        "object": "chat.completion" if is_chat else "text_completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop"} | message],
        "usage": usage,
    }


def as_events(response: Json) -> str:
    """The response to `stream`: a server-sent event for each word. Source: MLflow's deployments client."""
    choice = response["choices"][0]
    is_chat = "message" in choice
    words = str(choice["message"]["content"] if is_chat else choice["text"]).split(" ")
    pieces = [word if not number else f" {word}" for number, word in enumerate(words)]
    shared = {member: response[member] for member in ("id", "created", "model")}
    kind = "chat.completion.chunk" if is_chat else "text_completion"
    choices = [_chunk(is_chat, piece, None) for piece in pieces] + [_chunk(is_chat, "", "stop")]
    events = [json.dumps(shared | {"object": kind, "choices": [choice]}) for choice in choices]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])


def _chunk(is_chat: bool, text: str, finished: str | None) -> Json:
    message: Json = {"delta": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    return {"index": 0, "finish_reason": finished} | message


def _prompt(body: Json) -> str:
    messages = body.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], dict):
        return str(messages[-1].get("content", ""))
    if isinstance(body.get("prompt"), str):
        return str(body["prompt"])
    raise BadRequest("Invalid input. One of 'messages', 'prompt' and 'input' must be given.")


def _embeddings(model: str, value: Any) -> Json:
    texts = value if isinstance(value, list) else [value]
    scorer = Echo(model)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": scorer.predict([[text, axis] for axis in range(8)], ""),
        }
        for index, text in enumerate(texts)
    ]
    tokens = sum(len(str(text).split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}
