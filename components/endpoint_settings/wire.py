"""An endpoint's settings between the provider's words (camelCase) and the API's (snake_case).

The settings are what the API changes by calls of their own: `aiGateway`, `emailNotifications`, `telemetryConfig`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_serving.databricks.naming import api_form, api_name


@dataclass(frozen=True)
class Setting:
    """One setting: its name in the API, and the call that writes it. `body` takes None where it is removed."""

    member: str
    method: str
    path: str
    body: Callable[[Any], dict[str, Any]]
    needs_settled: bool = False


SETTINGS: Final[Mapping[str, Setting]] = {
    "aiGateway": Setting("ai_gateway", "PUT", "ai-gateway", lambda value: value or {}),
    "emailNotifications": Setting(
        "email_notifications", "PATCH", "notifications", lambda value: {"email_notifications": value or {}}
    ),
    # 409 while the endpoint updates. An absent telemetry_config removes it. Source: REST reference, telemetry config.
    "telemetryConfig": Setting(
        "telemetry_config",
        "PATCH",
        "telemetry-config",
        lambda value: {"telemetry_config": value} if value else {},
        needs_settled=True,
    ),
}


def seen(wanted: Any, live: Any) -> Any:
    """What a refresh shows of a setting: `wanted` where the workspace says the same, else what it says instead.

    The workspace may say more than was asked for (names that it chose, defaults); that is no difference.
    """
    if isinstance(wanted, Mapping):
        found = live if isinstance(live, Mapping) else {}
        shown = {name: seen(inner, found.get(api_name(name))) for name, inner in wanted.items()}
        return {name: inner for name, inner in shown.items() if inner is not None} or None
    if isinstance(wanted, list):
        if isinstance(live, list) and len(live) == len(wanted):
            return [seen(*pair) for pair in zip(wanted, live, strict=True)]
        return live or None
    return wanted if api_form(wanted) == live or (live is None and not wanted) else live
