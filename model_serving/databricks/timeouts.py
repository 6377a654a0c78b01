"""How long a call to the workspace may take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RETRY_SECONDS: Final = 300
"""How long a throttled or failing call is retried before it is an error. The SDKs' own default."""

ANSWER_SECONDS: Final = 10
"""How long the workspace may take for one answer."""

TIMEOUT_SETTINGS: Final = ("retryTimeoutSeconds", "httpTimeoutSeconds")
"""The settings of the Databricks provider for these two."""


class TimeoutSettingError(ValueError):
    """A timeout that is no number of seconds. The text names the setting."""


@dataclass(frozen=True)
class Timeouts:
    """The limits of every call, in seconds: of all tries together, and of one answer."""

    retry: int = RETRY_SECONDS
    answer: int = ANSWER_SECONDS

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Timeouts":
        """The timeouts in the provider's settings, or the defaults. Raises TimeoutSettingError."""
        retry, answer = TIMEOUT_SETTINGS
        return cls(_seconds(settings, retry, RETRY_SECONDS), _seconds(settings, answer, ANSWER_SECONDS))


def _seconds(settings: Mapping[str, Any], name: str, default: int) -> int:
    value = settings.get(name)
    if value is None or value == "":
        return default
    try:
        seconds = int(float(value))  # Pulumi's wire format has floats only
    except (TypeError, ValueError):
        seconds = 0
    if seconds < 1:
        raise TimeoutSettingError(f'databricks:{name} must be a whole number of seconds, at least 1; found "{value}"')
    return seconds
