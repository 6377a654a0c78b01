"""Telemetry as a refresh shows it: the workspace never returns the table names, but the profile that it made of them.

Source: Databricks CLI, bundle/direct/dresources/resources.yml: table_names creates a profile and is not returned.
"""

from collections.abc import Mapping
from typing import Any, Final

from model_serving.components.endpoint_settings.wire import seen

SETTING: Final = "telemetryConfig"
TABLES: Final = "tableNames"
PROFILE: Final = "telemetryProfile"
"""The output of `EndpointSettings` with the id of the profile that the workspace made of the declared tables."""


def made_profile(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The output that remembers which profile an endpoint has; empty where it has none."""
    found = (answer.get("telemetry_config") or {}).get("telemetry_profile_id")
    return {PROFILE: found} if found else {}


def refreshed(props: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs about telemetry after a refresh, from those before it and what the workspace answers.

    The declared tables stay as long as the endpoint has the profile that was made of them. Another profile, or none,
    is shown instead: a difference, and the next update makes a profile of the tables again.
    """
    wanted, now = props[SETTING], made_profile(answer)
    remembered = {PROFILE: props[PROFILE]} if props.get(PROFILE) else now
    returned = {name: value for name, value in wanted.items() if name != TABLES}
    shown = seen(returned, answer.get("telemetry_config")) or {}
    if wanted.get(TABLES) and now:
        same = {TABLES: wanted[TABLES]}
        shown |= same if now == remembered else {"telemetryProfileId": now[PROFILE]}
    return {SETTING: shown or None, **remembered}
