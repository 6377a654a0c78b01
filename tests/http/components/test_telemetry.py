"""Telemetry outputs after a refresh: the workspace returns the id of a profile and no table names."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.components.endpoint_settings.provider import SettingsProvider

PLACE = "/api/2.0/serving-endpoints/fraud"
TABLES = {"tableNames": {"logsTable": "main.ml.logs"}, "inferenceTableConfig": {"samplingFraction": 0.5}}
BY_HAND = {"telemetry_profile_id": "by hand", "inference_table_config": {"sampling_fraction": 0.5}}


@pytest.fixture
def declared(frozen: Any) -> Callable[..., dict[str, Any]]:
    """Inputs of the settings of a deployed endpoint."""
    frozen.endpoint("fraud")
    frozen.clock.advance(10)
    where = {"endpointId": frozen.call("GET", PLACE)["id"], "endpointName": "fraud", "workspace": frozen.settings()}
    return lambda **settings: {**where, **settings}


def created(inputs: dict[str, Any]) -> dict[str, Any]:
    outs = SettingsProvider().create(inputs).outs
    assert outs is not None
    return outs


def refreshed(state: dict[str, Any]) -> dict[str, Any]:
    outs = SettingsProvider().read(state["endpointId"], state).outs
    assert outs is not None
    return outs


def has_changes(state: dict[str, Any], inputs: dict[str, Any]) -> bool:
    return bool(SettingsProvider().diff("", state, inputs).changes)


def telemetry(frozen: Any, body: dict[str, Any]) -> None:
    frozen.call("PATCH", f"{PLACE}/telemetry-config", body)


def test_a_refresh_keeps_the_table_names(declared: Callable[..., dict[str, Any]]) -> None:
    inputs = declared(telemetryConfig=TABLES)
    state = created(inputs)
    assert refreshed(state) == state
    assert not has_changes(refreshed(state), inputs)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, None),
        (
            {"telemetry_config": BY_HAND},
            {"telemetryProfileId": "by hand", "inferenceTableConfig": {"samplingFraction": 0.5}},
        ),
        ({"telemetry_config": {"telemetry_profile_id": "by hand"}}, {"telemetryProfileId": "by hand"}),
    ],
    ids=["removed", "another profile", "another profile, no table"],
)
def test_an_external_change_is_reported_and_reverted(
    frozen: Any, declared: Callable[..., dict[str, Any]], change: dict[str, Any], shown: Any
) -> None:
    inputs = declared(telemetryConfig=TABLES)
    state = created(inputs)
    telemetry(frozen, change)
    drifted = refreshed(state)
    assert drifted.get("telemetryConfig") == shown
    assert refreshed(drifted) == drifted
    assert has_changes(drifted, inputs)
    outs = SettingsProvider().update("", drifted, inputs).outs
    assert outs is not None
    assert refreshed(outs) == outs
    assert outs["telemetryProfile"] == frozen.call("GET", PLACE)["telemetry_config"]["telemetry_profile_id"]


def test_an_older_state_gets_the_live_profile(declared: Callable[..., dict[str, Any]]) -> None:
    inputs = declared(telemetryConfig=TABLES)
    state = created(inputs)
    older = {name: value for name, value in state.items() if name != "telemetryProfile"}
    assert refreshed(older) == state


def test_another_setting_keeps_the_profile(frozen: Any, declared: Callable[..., dict[str, Any]]) -> None:
    state = created(declared(telemetryConfig=TABLES))
    inputs = declared(telemetryConfig=TABLES, emailNotifications={"onUpdateFailures": ["ann@example.com"]})
    outs = SettingsProvider().update("", state, inputs).outs
    assert outs == {**inputs, "telemetryProfile": state["telemetryProfile"]}
    assert frozen.requests(f"{PLACE}/telemetry-config") == [("PATCH", 200)]


def test_an_existing_profile_is_compared_by_its_id(frozen: Any, declared: Callable[..., dict[str, Any]]) -> None:
    inputs = declared(telemetryConfig={"telemetryProfileId": "one"})
    state = created(inputs)
    assert refreshed(state) == state
    telemetry(frozen, {"telemetry_config": {"telemetry_profile_id": "two"}})
    assert refreshed(state)["telemetryConfig"] == {"telemetryProfileId": "two"}
