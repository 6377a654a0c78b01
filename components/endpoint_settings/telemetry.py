"""Telemetry outputs of `EndpointSettings`: the workspace returns a profile instead of the declared table names.

Source: Databricks CLI, bundle/direct/dresources/resources.yml: table_names creates a profile and is not returned.
"""

from collections.abc import Mapping
from typing import Any, Final

from model_serving.components.endpoint_settings.wire import seen

SETTING: Final = "telemetryConfig"
TABLES: Final = "tableNames"
PROFILE: Final = "telemetryProfile"
"""The output with the id of the profile that the workspace created from the declared tables."""


def created_profile(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The output with the id of the endpoint's profile; empty if it has none."""
    profile = (answer.get("telemetry_config") or {}).get("telemetry_profile_id")
    return {PROFILE: profile} if profile else {}


def refreshed(props: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The telemetry outputs after a refresh, from the outputs before it and the workspace's answer.

    The declared tables stay as long as the endpoint has the profile that was created from them. Another profile, or
    none, is shown instead: a difference, and the next update creates a profile from the tables again.
    """
    declared, live = props[SETTING], created_profile(answer)
    recorded = {PROFILE: props[PROFILE]} if props.get(PROFILE) else live
    returned = {name: value for name, value in declared.items() if name != TABLES}
    shown = seen(returned, answer.get("telemetry_config")) or {}
    if declared.get(TABLES) and live:
        same = {TABLES: declared[TABLES]}
        shown |= same if live == recorded else {"telemetryProfileId": live[PROFILE]}
    return {SETTING: shown or None, **recorded}
