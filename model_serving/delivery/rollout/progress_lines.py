"""What people read while a step bakes: the time that is left and the figures so far, now and then."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any, Final

from model_serving.delivery.rollout.gate.result import GateResult
from model_serving.measures import duration_text
from model_serving.review.render.rollout_history import figures_text

_BETWEEN: Final = 30.0
"""Seconds between two lines of one endpoint; the first comes as long after the step began."""
_KEPT: Final = ("requests", "requests_per_second", "error_rate", "p50_ms", "p95_ms", "p99_ms")
_DIGITS: Final = 5


class BakeProgress:
    """The lines of one endpoint's bake."""

    def __init__(self, key: str, notify: Callable[[str], None]) -> None:
        self._key, self._notify = key, notify
        self._last: datetime | None = None

    def update(self, share: int, now: datetime, ends: datetime, result: GateResult) -> None:
        """Write a line, unless the last one is recent."""
        if self._last is None:
            self._last = now
        if (now - self._last).total_seconds() < _BETWEEN:
            return
        self._last = now
        figures = figures_text(plain_figures(result.figures))
        left = max((ends - now).total_seconds(), 0)
        texts = [f"{self._key} at {share} %: {duration_text(left)} left", figures, *result.notes]
        self._notify(f"{'; '.join(filter(None, texts))}\n")


def plain_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that a record keeps, by served entity, as plain numbers."""
    found = {}
    for entity, each in figures.items():
        values = asdict(each) if is_dataclass(each) and not isinstance(each, type) else dict(each)
        kept = {name: _rounded(values[name]) for name in _KEPT if values.get(name) is not None}
        if kept:
            found[entity] = kept
    return found


def _rounded(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
