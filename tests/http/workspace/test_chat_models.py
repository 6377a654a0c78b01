"""Custom models that speak chat: the forms of their requests and answers, streams, and A/B tests of two of them."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from model_serving.databricks.request_forms import request_forms
from model_serving.workspace.admin.seed import SeedError, apply_seed

Build = Callable[..., dict[str, Any]]
QUERY = "/serving-endpoints/assistant/invocations"
QUESTION = [{"role": "user", "content": "What is the limit?"}]
TEXT = "The limit is 500 a day."


@pytest.fixture
def assistants(endpoint: Build, entity: Build) -> dict[str, Any]:
    """An endpoint with both versions of the assistant, of which the second gets a tenth of the traffic."""
    served = [entity(name=f"v{number}", entity_name="main.ml.assistant", entity_version=number) for number in "12"]
    routes = [{"served_entity_name": name, "traffic_percentage": share} for name, share in (("v1", 90), ("v2", 10))]
    return endpoint("assistant", config={"served_entities": served, "traffic_config": {"routes": routes}})


@pytest.fixture
def agent(workspace: Any, endpoint: Build, entity: Build, tmp_path: Path) -> Callable[[str], None]:
    """Deploys an agent of that task which answers in upper case."""

    def deploy(task: str) -> None:
        file = tmp_path / "agent.py"
        file.write_text(
            f"TASK = {task!r}\ndef reply(messages, version):\n    return messages[-1]['content'].upper()\n",
            encoding="utf-8",
        )
        apply_seed(workspace.store, workspace.clock, {"models": {"main.ml.agent": {"scored_by": str(file)}}})
        endpoint("assistant", config={"served_entities": [entity(entity_name="main.ml.agent", entity_version="1")]})

    return deploy


@pytest.mark.usefixtures("assistants")
def test_two_chat_models_share_the_traffic(http: httpx.Client) -> None:
    answers = [http.post(QUERY, json={"messages": QUESTION}) for _ in range(100)]
    assert Counter(answer.headers["served-model-name"] for answer in answers) == {"v1": 90, "v2": 10}
    texts = {answer.json()["choices"][0]["message"]["content"] for answer in answers}
    assert texts == {"I can't help with that.", TEXT}


def test_endpoint_of_a_chat_model_has_its_task(assistants: dict[str, Any], endpoint: Build) -> None:
    assert assistants["task"] == "agent/v1/chat"
    assert "task" not in endpoint("plain")


@pytest.mark.parametrize(
    ("task", "request_body", "answer"),
    [
        (
            "agent/v2/chat",
            {"messages": QUESTION},
            {"messages": [{"role": "assistant", "content": "WHAT IS THE LIMIT?"}]},
        ),
        ("agent/v1/responses", {"input": QUESTION}, {"output": [{"type": "message", "role": "assistant"}]}),
        ("agent/v1/responses", {"input": "What is the limit?"}, {"object": "response"}),
        ("llm/v1/chat", {"messages": QUESTION}, {"object": "chat.completion"}),
    ],
)
def test_each_task_has_its_form(
    agent: Callable[[str], None], http: httpx.Client, task: str, request_body: dict[str, Any], answer: dict[str, Any]
) -> None:
    agent(task)
    found = http.post(QUERY, json=request_body)
    assert found.status_code == 200
    assert "WHAT IS THE LIMIT?" in found.text
    assert _has(found.json(), answer)


def _has(found: Any, expected: Any) -> bool:
    """Whether the expected members are there, at any depth."""
    if isinstance(expected, dict):
        return all(name in found and _has(found[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(_has, found, expected))
    return bool(found == expected)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"dataframe_records": [{"amount": 1}]}, "Model is missing inputs ['messages']"),
        ({"messages": []}, "must be a list of messages"),
        ({"messages": [{"content": "?"}]}, "must be a list of messages"),
        ({"messages": [{"role": "user", "content": None}]}, "AttributeError"),
    ],
)
def test_a_request_in_another_form_is_refused(
    agent: Callable[[str], None], http: httpx.Client, body: dict[str, Any], reason: str
) -> None:
    agent("agent/v1/chat")
    refused = http.post(QUERY, json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_REQUEST")
    assert reason in refused.json()["message"]


def test_model_without_a_task_refuses_messages(http: httpx.Client, endpoint: Build) -> None:
    endpoint("assistant")
    assert http.post(QUERY, json={"messages": QUESTION}).status_code == 400


@pytest.mark.parametrize("task", ["agent/v1/chat", "agent/v2/chat", "agent/v1/responses"])
def test_a_chat_model_streams_word_by_word(agent: Callable[[str], None], http: httpx.Client, task: str) -> None:
    agent(task)
    member = "input" if task == "agent/v1/responses" else "messages"
    answer = http.post(QUERY, json={member: QUESTION, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    assert "".join(_piece(json.loads(line)) for line in lines) == "WHAT IS THE LIMIT?"


def _piece(event: dict[str, Any]) -> str:
    """The text that one event adds."""
    if "choices" in event:
        return str(event["choices"][0]["delta"]["content"])
    delta = event.get("delta", "")
    return str(delta["content"] if isinstance(delta, dict) else delta)


def test_route_optimized_agent_is_queried_at_its_own_url(workspace: Any, endpoint: Build, entity: Build) -> None:
    served = entity(entity_name="main.ml.assistant", entity_version="2")
    made = endpoint("assistant", route_optimized=True, config={"served_entities": [served]})
    details = made["data_plane_info"]["query_info"]["authorization_details"]
    token = workspace.oauth_token(authorization_details=details)
    answer = workspace.http(token).post(made["endpoint_url"], json={"messages": QUESTION})
    assert answer.json()["choices"][0]["message"]["content"] == TEXT


@pytest.mark.usefixtures("assistants")
def test_openai_client_reads_an_agent(workspace: Any) -> None:
    url, token = f"{workspace.origin}/serving-endpoints", workspace.credentials.token
    client = workspace.opened.enter_context(openai.OpenAI(base_url=url, api_key=token))
    stream = client.chat.completions.create(model="assistant", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "I can't help with that."


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("TASK = 'chat'\ndef reply(messages, version): ...\n", "unknown TASK 'chat', allowed: llm/v1/chat, "),
        ("TASK = 'agent/v1/chat'\n", "defines no function reply(messages, version)"),
    ],
)
def test_an_invalid_chat_model_is_explained(workspace: Any, tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "agent.py").write_text(source, encoding="utf-8")
    seed = {"models": {"main.ml.agent": {"scored_by": str(tmp_path / "agent.py")}}}
    with pytest.raises(SeedError) as error:
        apply_seed(workspace.store, workspace.clock, seed)
    assert reason in str(error.value)


def test_query_schema_shows_what_each_entity_takes(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    models = {"flowers": ("main.ml.iris", "2"), "talk": ("main.ml.assistant", "1"), "echo": ("main.ml.fraud", "7")}
    served = [entity(name=name, entity_name=model, entity_version=version) for name, (model, version) in models.items()]
    routes = [{"served_entity_name": name, "traffic_percentage": 100 * (name == "echo")} for name in models]
    endpoint("mixed", config={"served_entities": served, "traffic_config": {"routes": routes}})
    forms = request_forms(http.get("/api/2.0/serving-endpoints/mixed/openapi").json())
    assert forms.keys() == {"flowers", "talk"}
    assert set(forms["flowers"].columns.values()) == {"number"}
    assert forms["talk"].members == {"messages"}
