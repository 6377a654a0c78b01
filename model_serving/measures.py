"""Durations, latencies, percentages and times as texts, the same in every command, report and message."""

from datetime import UTC, datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
_SHORT: Final = 2 * _MINUTE
_MOST_MINUTES: Final = 90 * _MINUTE
_SECOND_IN_MS: Final = 1000
_WHOLE_MS: Final = 10
_LEAST_PERCENT: Final = 0.01


def duration_text(seconds: float) -> str:
    """A length of time to the second: `10 min`, `1 h 30 min`, `45 s`. Seconds are left out beside hours."""
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    parts += [f"{rest} s"] if rest and not hours else []
    return " ".join(parts) or "0 s"


def elapsed_text(seconds: float) -> str:
    """How long something has lasted, in one unit: `45 s`, `12 min` or `3 h`."""
    seconds = max(0.0, seconds)
    if seconds < _SHORT:
        return f"{seconds:.0f} s"
    return f"{seconds // _MINUTE:.0f} min" if seconds < _MOST_MINUTES else f"{seconds / _HOUR:.0f} h"


def latency_text(milliseconds: float | None) -> str:
    """`3.9 ms`, `38 ms` or `1.2 s`; empty if it is not known."""
    if milliseconds is None:
        return ""
    if milliseconds >= _SECOND_IN_MS:
        return f"{milliseconds / _SECOND_IN_MS:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= _WHOLE_MS else f"{_plain(milliseconds, 1)} ms"


def exact_latency_text(milliseconds: float) -> str:
    """A latency beside its bound, which rounding must not hide: `80.4 ms`, `1,204 ms`."""
    return f"{_plain(milliseconds, 1)} ms"


def percent_text(fraction: float) -> str:
    """A fraction as a percentage: `0 %`, `8.33 %`, `100 %`, `< 0.01 %`."""
    percent = 100 * fraction
    return f"< {_LEAST_PERCENT} %" if 0 < percent < _LEAST_PERCENT else f"{_plain(percent, 2)} %"


def utc_text(seconds: float | None) -> str | None:
    """A UNIX time in ISO 8601 for programs: `2026-11-21T18:30:00+00:00`."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _plain(number: float, digits: int) -> str:
    """A number with at most so many digits after the point."""
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".")
