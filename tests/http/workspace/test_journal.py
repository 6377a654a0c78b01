"""The journal of requests."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

JOURNAL = "/_workspace/journal"


def test_journal_keeps_request_order(workspace: Any, http: httpx.Client) -> None:
    http.delete(JOURNAL)
    http.get("/api/2.0/serving-endpoints/fraud?x=1")
    http.post("/api/2.0/serving-endpoints", json={"name": "fraud"})
    _, read, write = http.get(JOURNAL).json()["requests"]
    path = "/api/2.0/serving-endpoints"
    shared = {"principal": "admin@example.com", "time": workspace.clock.now()}
    assert read == shared | {"method": "GET", "path": f"{path}/fraud", "query": "x=1", "status": 404}
    assert write == shared | {"method": "POST", "path": path, "body": {"name": "fraud"}, "status": 200}


def test_journal_can_list_writes_only(http: httpx.Client, endpoint: Callable[..., dict[str, Any]]) -> None:
    endpoint("fraud")
    http.post("/serving-endpoints/fraud/invocations", json={"inputs": [1]})
    writes = http.get(JOURNAL, params={"writes": "true"}).json()["requests"]
    assert [(entry["method"], entry["path"]) for entry in writes] == [("POST", "/api/2.0/serving-endpoints")]


def test_journal_has_rejected_requests(workspace: Any, http: httpx.Client) -> None:
    workspace.http("dapi0").delete("/api/2.0/serving-endpoints/fraud")
    http.post("/_workspace/faults", json={"pattern": "DELETE *", "status": 500} | {"pattern": "DELETE /api/*"})
    http.delete("/api/2.0/serving-endpoints/fraud")
    kept = http.get(JOURNAL, params={"writes": "true"}).json()["requests"]
    assert [(entry["status"], entry["principal"]) for entry in kept] == [(403, None), (500, None)]


def test_journal_has_no_secrets(workspace: Any, http: httpx.Client) -> None:
    http.post("/api/2.0/secrets/put", json={"scope": "serving", "key": "k", "string_value": "planted-1"})
    openai = {"openai_config": {"openai_api_key_plaintext": "planted-2"}}
    external = {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"} | openai
    config = {"served_entities": [{"external_model": external}]}
    http.post("/api/2.0/serving-endpoints", json={"name": "chat", "config": config})
    token = workspace.oauth_token()
    text = http.get(JOURNAL).text
    for secret in ("planted-1", "planted-2", token, workspace.credentials.client_secret, workspace.credentials.token):
        assert secret not in text


def test_journal_length_is_limited(workspace: Any, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_serving.workspace.store.database.JOURNAL_LIMIT", 3)
    for _ in range(5):
        http.get("/api/2.0/serving-endpoints")
    assert len(workspace.store.read_journal(writes_only=False)) == 3


def test_journal_is_for_admins(workspace: Any) -> None:
    ann = workspace.http(workspace.user("ann@example.com"))
    assert ann.get(JOURNAL).status_code == 403
    assert ann.post("/_workspace/faults", json={"pattern": "GET /x"}).status_code == 403
    assert ann.post("/_workspace/seed", json={}).status_code == 403
