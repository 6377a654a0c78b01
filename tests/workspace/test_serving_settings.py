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


def test_the_gateway_is_replaced(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud", ai_gateway={"usage_tracking_config": {"enabled": True}})
    gateway = {"rate_limits": [{"calls": 10, "key": "user", "renewal_period": "minute"}]}
    assert http.put(f"{URL}/ai-gateway", json=gateway).json() == gateway
    assert http.get(URL).json()["ai_gateway"] == gateway


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
def test_bad_gateways_are_refused(http: httpx.Client, endpoint: Build, gateway: dict[str, Any], message: str) -> None:
    endpoint("fraud")
    refused = http.put(f"{URL}/ai-gateway", json=gateway)
    assert (refused.status_code, refused.json()["message"]) == (400, message)


def test_rate_limits_are_kept_but_never_shown(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    limits = {"rate_limits": [{"calls": 5, "key": "endpoint", "renewal_period": "minute"}]}
    assert http.put(f"{URL}/rate-limits", json=limits).json() == limits
    assert "rate_limits" not in http.get(URL).json()


def test_notifications_are_kept_by_their_own_call_only(http: httpx.Client, endpoint: Build) -> None:
    notifications = {"on_update_failure": ["ann@example.com"]}
    assert "email_notifications" not in endpoint("fraud", email_notifications=notifications)
    answer = http.patch(f"{URL}/notifications", json={"email_notifications": notifications}).json()
    assert answer == {"email_notifications": notifications, "name": "fraud"}
    assert http.get(URL).json()["email_notifications"] == notifications


def test_telemetry_needs_a_settled_custom_model(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    http.post("/api/2.0/serving-endpoints", json={"name": "empty"})
    refused = http.patch("/api/2.0/serving-endpoints/empty/telemetry-config", json={})
    assert "not supported for endpoint type 'NO_CONFIG'" in refused.json()["message"]
    endpoint("fraud")
    assert http.patch(f"{URL}/telemetry-config", json={"telemetry_config": {"a": 1}}).json()["name"] == "fraud"
    http.put(f"{URL}/config", json={"served_entities": [entity()]})
    assert http.patch(f"{URL}/telemetry-config", json={}).status_code == 409


def test_settings_change_while_an_update_runs(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud")
    http.put(f"{URL}/config", json={"served_entities": [entity()]})
    assert http.patch(f"{URL}/tags", json={"add_tags": [{"key": "a"}]}).status_code == 200
    assert http.get(URL).json()["state"]["config_update"] == "IN_PROGRESS"
