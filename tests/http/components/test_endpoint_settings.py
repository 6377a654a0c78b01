"""The provider of endpoint settings: waiting for updates, and restoring a partly failed update."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from model_serving.components.endpoint_settings.provider import SettingsError, SettingsProvider
from model_serving.databricks import serving_endpoints

PLACE = "/api/2.0/serving-endpoints/fraud"
TELEMETRY = {"telemetryProfileId": "one"}


@pytest.fixture
def waits(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The provider's pauses, each of which moves the workspace's clock instead of taking time."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        frozen.clock.advance(seconds)

    monkeypatch.setattr(serving_endpoints, "time", SimpleNamespace(monotonic=frozen.clock.now, sleep=pause))
    return pauses


@pytest.fixture
def declared(frozen: Any) -> Callable[..., dict[str, Any]]:
    """Inputs of the settings of an endpoint that is being deployed."""
    frozen.endpoint("fraud")
    endpoint_id = frozen.call("GET", PLACE)["id"]

    def inputs(**settings: Any) -> dict[str, Any]:
        return {"endpointId": endpoint_id, "endpointName": "fraud", "workspace": frozen.settings(), **settings}

    return inputs


def test_telemetry_waits_for_the_update(
    frozen: Any, declared: Callable[..., dict[str, Any]], waits: list[float]
) -> None:
    SettingsProvider().create(declared(telemetryConfig=TELEMETRY))
    assert waits == [2, 2, 2, 2, 2]
    assert frozen.requests(f"{PLACE}/telemetry-config") == [("PATCH", 200)]
    assert frozen.call("GET", PLACE)["state"]["config_update"] == "NOT_UPDATING"


def test_other_settings_do_not_wait(frozen: Any, declared: Callable[..., dict[str, Any]], waits: list[float]) -> None:
    SettingsProvider().create(declared(emailNotifications={"onUpdateFailures": ["ann@example.com"]}))
    assert waits == []
    assert frozen.requests(f"{PLACE}/notifications") == [("PATCH", 200)]
    assert frozen.call("GET", PLACE)["state"]["config_update"] == "IN_PROGRESS"


ONE, TWO = ({"usageTrackingConfig": {"enabled": enabled}} for enabled in (False, True))
NOTIFIED = {"onUpdateFailures": ["ann@example.com"]}


@pytest.fixture
def kept_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider sets the limit of its process, which is the tests' here."""
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)


@pytest.mark.usefixtures("kept_tracebacks")
def test_a_partly_failed_update_is_restored(frozen: Any, declared: Callable[..., dict[str, Any]]) -> None:
    old, new = declared(aiGateway=ONE), declared(aiGateway=TWO, emailNotifications=NOTIFIED)
    SettingsProvider().create(old)
    frozen.call("POST", "/_workspace/faults", {"pattern": "PATCH /*/notifications", "status": 400, "message": "No"})
    with pytest.raises(SettingsError, match=r'endpoint "fraud": No$'):
        SettingsProvider().update("fraud", old, new)
    assert frozen.call("GET", PLACE)["ai_gateway"] == {"usage_tracking_config": {"enabled": False}}
    SettingsProvider().update("fraud", old, new)
    assert frozen.call("GET", PLACE)["ai_gateway"] == {"usage_tracking_config": {"enabled": True}}


@pytest.mark.usefixtures("kept_tracebacks")
def test_an_unrestored_setting_is_named(frozen: Any, declared: Callable[..., dict[str, Any]]) -> None:
    old, new = declared(aiGateway=ONE), declared(aiGateway=TWO, emailNotifications=NOTIFIED)
    SettingsProvider().create(old)
    frozen.call("POST", "/_workspace/faults", {"pattern": "PATCH /*/notifications", "status": 400, "message": "No"})
    frozen.call("POST", "/_workspace/faults", {"pattern": "PUT /*/ai-gateway", "status": 403, "skip": 1})
    with pytest.raises(SettingsError, match=r"No\. aiGateway was changed before that: `pulumi up --refresh` brings it"):
        SettingsProvider().update("fraud", old, new)


def test_an_endless_update_is_an_error(
    frozen: Any, declared: Callable[..., dict[str, Any]], waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_endpoints, "LONGEST_UPDATE_SECONDS", 5)
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)  # the provider sets it permanently
    with pytest.raises(SettingsError, match=r'"fraud": still being updated after 0 minutes.* run `pulumi up` again'):
        SettingsProvider().create(declared(telemetryConfig=TELEMETRY))
    assert sum(waits) == 5
    assert frozen.requests(f"{PLACE}/telemetry-config") == []
