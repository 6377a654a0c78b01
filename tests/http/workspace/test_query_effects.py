"""Rate limits, scale to zero and inference tables."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Build = Callable[..., dict[str, Any]]
ENDPOINT = "/api/2.0/serving-endpoints/fraud"
QUERY = "/serving-endpoints/fraud/invocations"
ROWS = {"inputs": [1]}


def limit(http: httpx.Client, *limits: dict[str, Any]) -> None:
    each = [{"renewal_period": "minute"} | one for one in limits]
    assert http.put(f"{ENDPOINT}/ai-gateway", json={"rate_limits": each}).status_code == 200


def statuses(*clients: httpx.Client) -> list[int]:
    return [client.post(QUERY, json=ROWS).status_code for client in clients]


def test_exceeded_limit_resets_next_minute(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    limit(http, {"calls": 2, "key": "endpoint"})
    assert statuses(http, http) == [200, 200]
    refused = http.post(QUERY, json=ROWS)
    assert (refused.status_code, refused.json()["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= 60
    workspace.clock.advance(wait)
    assert statuses(http) == [200]


def test_user_limit_counts_each_user(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    made = endpoint("fraud")
    limit(http, {"calls": 1, "key": "user"})
    ann = workspace.http(workspace.user("ann@example.com"))
    entry = {"user_name": "ann@example.com", "permission_level": "CAN_QUERY"}
    http.patch(f"/api/2.0/permissions/serving-endpoints/{made['id']}", json={"access_control_list": [entry]})
    assert statuses(http, ann, http, ann) == [200, 200, 429, 429]


def test_group_limit_applies_to_members(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    made = endpoint("fraud")
    limit(http, {"calls": 1, "key": "user_group", "principal": "ml-engineers"})
    ann = workspace.http(workspace.user("ann@example.com", "ml-engineers"))
    entry = {"group_name": "ml-engineers", "permission_level": "CAN_QUERY"}
    http.patch(f"/api/2.0/permissions/serving-endpoints/{made['id']}", json={"access_control_list": [entry]})
    assert statuses(ann, ann, http, http) == [200, 429, 200, 200]


def test_deprecated_rate_limits_are_enforced(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    limits = [{"calls": 1, "key": "endpoint", "renewal_period": "minute"}]
    http.put(f"{ENDPOINT}/rate-limits", json={"rate_limits": limits})
    assert statuses(http, http) == [200, 429]


@pytest.fixture
def idle(workspace: Any, endpoint: Build, entity: Build) -> None:
    """An endpoint that may scale to zero, without a query for 30 minutes."""
    endpoint("fraud", config={"served_entities": [entity(scale_to_zero_enabled=True)]})
    workspace.clock.advance(1801)


def entity_state(http: httpx.Client) -> dict[str, str]:
    found = http.get(ENDPOINT).json()
    assert found["state"]["ready"] == "READY"
    return dict(found["config"]["served_entities"][0]["state"])


@pytest.mark.usefixtures("idle")
def test_idle_entity_scales_to_zero(workspace: Any, http: httpx.Client) -> None:
    assert entity_state(http)["deployment_state_message"] == "Scaled to zero"
    before = workspace.clock.now()
    assert statuses(http) == [200]
    assert workspace.clock.now() - before == 3.0
    assert entity_state(http) == {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""}
    assert statuses(http) == [200]
    assert workspace.clock.now() - before == 3.0


@pytest.mark.usefixtures("idle")
def test_cold_start_can_be_set(workspace: Any, http: httpx.Client) -> None:
    workspace.restart(cold_start=40.0)
    before = workspace.clock.now()
    assert statuses(http) == [200]
    assert workspace.clock.now() - before == 40.0


def test_entity_without_scale_to_zero_stays(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    workspace.clock.advance(100_000)
    before = workspace.clock.now()
    assert statuses(http) == [200]
    assert workspace.clock.now() == before


def rows(http: httpx.Client, table: str) -> list[dict[str, Any]]:
    return list(http.get(f"/_workspace/tables/{table}").json()["rows"])


def test_queries_fill_the_inference_table(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    capture = {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": "fraud", "enabled": True}
    endpoint("fraud", config={"served_entities": [entity()], "auto_capture_config": capture})
    good = http.post(QUERY, json=ROWS | {"client_request_id": "mine"})
    http.post(QUERY, json={"rows": []})
    first, second = rows(http, "main.ml.fraud_payload")
    assert (first["status_code"], second["status_code"]) == (200, 400)
    assert first["client_request_id"] == "mine"
    assert first["databricks_request_id"] == good.headers["x-request-id"]
    assert json.loads(first["request"])["inputs"] == [1]
    assert json.loads(first["response"]) == good.json()
    assert first["request_metadata"] == {
        "endpoint_name": "fraud",
        "model_name": "main.ml.fraud",
        "model_version": "7",
    }
    assert json.loads(second["response"])["error_code"] == "BAD_REQUEST"
    assert http.get("/_workspace/tables").json() == {"tables": [{"full_name": "main.ml.fraud_payload", "rows": 2}]}


def test_gateway_captures_and_counts_usage(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    external = {"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
    endpoint("fraud", config={"served_entities": [external]})
    table = {"catalog_name": "main", "schema_name": "ml", "enabled": True}
    gateway = {"inference_table_config": table, "usage_tracking_config": {"enabled": True}}
    http.put(f"{ENDPOINT}/ai-gateway", json=gateway)
    http.post(QUERY, json={"messages": [{"role": "user", "content": "one two"}], "usage_context": {"app": "a"}})
    (captured,) = rows(http, "main.ml.fraud_payload")
    assert captured["requester"] == "admin@example.com"
    (used,) = rows(http, "system.serving.endpoint_usage")
    assert used["served_entity_id"] == captured["served_entity_id"]
    assert (used["input_token_count"], used["output_token_count"], used["usage_context"]) == (2, 2, {"app": "a"})
    ann = workspace.http(workspace.user("ann@example.com"))
    assert ann.get("/_workspace/tables/system.serving.endpoint_usage").status_code == 403


def test_queries_without_settings_are_not_captured(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    statuses(http)
    assert http.get("/_workspace/tables").json() == {"tables": []}
    assert http.get("/_workspace/tables/main.ml.fraud_payload").status_code == 404
