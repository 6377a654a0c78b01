"""Endpoint settings in the API's spelling, and their outputs after a refresh."""

from typing import Any

import pytest

from model_serving.components.endpoint_settings.wire import SETTINGS, seen
from model_serving.databricks.naming import api_form

GATEWAY = {"usageTrackingConfig": {"enabled": True}, "rateLimits": [{"key": "user", "calls": 5.0}]}
LIVE = {"usage_tracking_config": {"enabled": True}, "rate_limits": [{"key": "user", "calls": 5}]}


def test_settings_in_the_api_spelling() -> None:
    assert api_form(GATEWAY) == LIVE
    assert api_form({"onUpdateSuccesses": ["a"], "onUpdateFailures": ["b"]}) == {
        "on_update_success": ["a"],
        "on_update_failure": ["b"],
    }
    assert api_form({"samplingFraction": 0.5}) == {"sampling_fraction": 0.5}


@pytest.mark.parametrize(
    ("live", "shown"),
    [
        (LIVE, GATEWAY),
        ({**LIVE, "inference_table_config": {"enabled": False}}, GATEWAY),
        ({**LIVE, "rate_limits": [{"key": "user", "calls": 5, "tokens": None}]}, GATEWAY),
        (
            {**LIVE, "rate_limits": [{"key": "user", "calls": 9}]},
            {**GATEWAY, "rateLimits": [{"key": "user", "calls": 9}]},
        ),
        ({"rate_limits": LIVE["rate_limits"]}, {"rateLimits": GATEWAY["rateLimits"]}),
        (None, None),
    ],
    ids=["the same", "more than asked", "more in an item", "another value", "one gone", "all gone"],
)
def test_a_refresh_shows_real_differences_only(live: Any, shown: Any) -> None:
    assert seen(GATEWAY, live) == shown


@pytest.mark.parametrize(
    ("name", "body"),
    [("aiGateway", {}), ("emailNotifications", {"email_notifications": {}}), ("telemetryConfig", {})],
)
def test_the_body_that_removes_a_setting(name: str, body: dict[str, Any]) -> None:
    assert SETTINGS[name].body(None) == body
