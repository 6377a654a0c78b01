"""Answers of foundation and external models: chat, completions and embeddings that echo what they were asked.

Source of the shapes: REST reference, query a serving endpoint.
"""

from typing import Any

from workspace.errors import BadRequest
from workspace.scoring import DigestScorer
from workspace.store import Json


def answer(entity: Json, body: Json, answer_id: str, created: int) -> Json:
    external = entity.get("external_model") or {}
    model = str(external.get("name") or entity.get("entity_name"))
    if "input" in body:
        return _embeddings(entity, model, body["input"])
    text = _prompt(body)
    usage = {"prompt_tokens": len(text.split()), "completion_tokens": len(text.split())}
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    is_chat = "messages" in body
    said = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    return {
        "id": answer_id,
        "object": "chat.completion" if is_chat else "text_completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop"} | said],
        "usage": usage,
    }


def _prompt(body: Json) -> str:
    messages = body.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], dict):
        return str(messages[-1].get("content", ""))
    if isinstance(body.get("prompt"), str):
        return str(body["prompt"])
    raise BadRequest("Invalid input. One of 'messages', 'prompt' and 'input' must be given.")


def _embeddings(entity: Json, model: str, given: Any) -> Json:
    texts = given if isinstance(given, list) else [given]
    scorer = DigestScorer()
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": [scorer.predict(entity, [text, axis]) for axis in range(8)],
        }
        for index, text in enumerate(texts)
    ]
    tokens = sum(len(str(text).split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}
