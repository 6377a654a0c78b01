"""Settings that change without a deployment."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

URL = "/api/2.0/serving-endpoints/fraud"
Build = Callable[..., dict[str, Any]]


def test_tags_are_added_changed_and_deleted(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud", tags=[{"key": "team", "value": "risk"}, {"key": "old"}])
    patch = {"add_tags": [{"key": "team", "value": "fraud"}, {"key": "new"}], "delete_tags": ["old"]}
    expected = [{"key": "team", "value": "fraud"}, {"key": "new"}]
    assert http.patch(f"{URL}/tags", json=patch).json() == {"tags": expected}
    assert http.get(URL).json()["tags"] == expected


def test_put_replaces_the_gateway(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud", ai_gateway={"usage_tracking_config": {"enabled": True}})
    gateway = {"rate_limits": [{"calls": 10, "key": "user", "renewal_period": "minute"}]}
    assert http.put(f"{URL}/ai-gateway", json=gateway).json() == gateway
    assert http.get(URL).json()["ai_gateway"] == gateway


def test_cleared_gateway_is_absent(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud", ai_gateway={"usage_tracking_config": {"enabled": True}})
    assert http.put(f"{URL}/ai-gateway", json={}).json() == {}
    assert "ai_gateway" not in http.get(URL).json()


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        ({"rate_limits": [{"calls": 1, "renewal_period": "hour"}]}, "renewal_period of a rate limit must be 'minute'."),
        ({"rate_limits": [{"renewal_period": "minute", "key": "x"}]}, "Invalid key of a rate limit: 'x'."),
        (
            {"guardrails": {"input": {"pii": {"behavior": "HIDE"}}}},
            "Invalid pii behavior 'HIDE'. Supported values: NONE, BLOCK, MASK.",
        ),
    ],
)
def test_invalid_gateways_are_rejected(
    http: httpx.Client, endpoint: Build, gateway: dict[str, Any], message: str
) -> None:
    endpoint("fraud")
    refused = http.put(f"{URL}/ai-gateway", json=gateway)
    assert (refused.status_code, refused.json()["message"]) == (400, message)


def test_rate_limits_are_never_returned(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    limits = {"rate_limits": [{"calls": 5, "key": "endpoint", "renewal_period": "minute"}]}
    assert http.put(f"{URL}/rate-limits", json=limits).json() == limits
    assert "rate_limits" not in http.get(URL).json()


def test_notifications_need_their_own_request(http: httpx.Client, endpoint: Build) -> None:
    notifications = {"on_update_failure": ["ann@example.com"]}
    assert "email_notifications" not in endpoint("fraud", email_notifications=notifications)
    answer = http.patch(f"{URL}/notifications", json={"email_notifications": notifications}).json()
    assert answer == {"email_notifications": notifications, "name": "fraud"}
    assert http.get(URL).json()["email_notifications"] == notifications


def test_telemetry_needs_a_deployed_custom_model(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    http.post("/api/2.0/serving-endpoints", json={"name": "empty"})
    refused = http.patch("/api/2.0/serving-endpoints/empty/telemetry-config", json={})
    assert "not supported for endpoint type 'NO_CONFIG'" in refused.json()["message"]
    endpoint("fraud")
    assert http.patch(f"{URL}/telemetry-config", json={"telemetry_config": {"a": 1}}).json()["name"] == "fraud"
    http.put(f"{URL}/config", json={"served_entities": [entity()]})
    assert http.patch(f"{URL}/telemetry-config", json={}).status_code == 409


TABLES = {"table_names": {"logs_table": "main.ml.logs"}, "inference_table_config": {"sampling_fraction": 0.5}}


def test_table_names_create_telemetry_profile(http: httpx.Client, endpoint: Build) -> None:
    made = endpoint("fraud", telemetry_config=TABLES)["telemetry_config"]
    again = http.patch(f"{URL}/telemetry-config", json={"telemetry_config": TABLES}).json()["telemetry_config"]
    table = {"name": "main.ml.logs_payload", "sampling_fraction": 0.5}
    for shown in (made, again, http.get(URL).json()["telemetry_config"]):
        assert shown == {"telemetry_profile_id": shown["telemetry_profile_id"], "inference_table_config": table}
    assert made["telemetry_profile_id"] != again["telemetry_profile_id"]


@pytest.mark.parametrize("nameless", [{"inference_table_config": {"sampling_fraction": 1}}, {"table_names": {}}])
def test_telemetry_without_profile_is_ignored(http: httpx.Client, endpoint: Build, nameless: dict[str, Any]) -> None:
    assert "telemetry_config" not in endpoint("fraud", telemetry_config=nameless)
    one = {"telemetry_profile_id": "one"}
    assert http.patch(f"{URL}/telemetry-config", json={"telemetry_config": one}).json()["telemetry_config"] == one
    kept = http.patch(f"{URL}/telemetry-config", json={"telemetry_config": nameless})
    assert (kept.status_code, kept.json()["telemetry_config"]) == (200, one)
    assert "telemetry_config" not in http.patch(f"{URL}/telemetry-config", json={}).json()


def test_create_drops_unsupported_telemetry(http: httpx.Client, endpoint: Build) -> None:
    external = {"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
    made = endpoint("outside", config={"served_entities": [external]}, telemetry_config=TABLES)
    assert "telemetry_config" not in made
    refused = http.patch("/api/2.0/serving-endpoints/outside/telemetry-config", json={"telemetry_config": TABLES})
    assert "not supported for endpoint type 'EXTERNAL_MODELS'" in refused.json()["message"]


def test_input_only_members_are_not_returned(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    written = {
        "config": {"served_entities": [entity(burst_scaling_enabled=True)]},
        "budget_policy_id": "one",
        "rate_limits": [{"calls": 5, "key": "endpoint", "renewal_period": "minute"}],
        "email_notifications": {"on_update_failure": ["ann@example.com"]},
    }
    shown = endpoint("fraud", **written)
    assert {"budget_policy_id", "rate_limits", "email_notifications"} & set(shown) == set()
    assert shown["effective_budget_policy_id"] == "one"
    http.put(f"{URL}/config", json=written["config"])
    both = [shown["config"], http.get(URL).json()["pending_config"]]
    entities = [each for config in both for kind in ("served_entities", "served_models") for each in config[kind]]
    assert [each for each in entities if "burst_scaling_enabled" in each] == []


def test_settings_change_while_an_update_runs(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud")
    http.put(f"{URL}/config", json={"served_entities": [entity()]})
    assert http.patch(f"{URL}/tags", json={"add_tags": [{"key": "a"}]}).status_code == 200
    assert http.get(URL).json()["state"]["config_update"] == "IN_PROGRESS"
