"""Bounds on the figures of a shadow run."""

from collections.abc import Iterator
from dataclasses import dataclass

from model_serving.measures import exact_latency_text, percent_text
from model_serving.operations.shadow.report import ShadowReport


@dataclass(frozen=True)
class BrokenThreshold:
    """A figure that is out of its bound; `value` is None where there was nothing to measure."""

    figure: str
    value: float | None
    bound: float

    def __str__(self) -> str:
        limit = "at least" if self.figure == "agreement" else "at most"
        return f"{self.figure} is {_text(self.figure, self.value)}; {limit} {_text(self.figure, self.bound)}"


@dataclass(frozen=True)
class Thresholds:
    """The bounds; None stands for no bound."""

    agreement_at_least: float | None = None
    """A fraction of the compared requests."""
    errors_at_most: float | None = None
    """A fraction of the entity's requests."""
    p95_factor_at_most: float | None = None
    """Relative to the live p95 latency."""
    p95_ms_at_most: float | None = None

    def broken(self, report: ShadowReport) -> tuple[BrokenThreshold, ...]:
        """The bounds that a run breaks. A bound on a figure that could not be measured is broken, too."""
        return tuple(self._broken(report))

    def _broken(self, report: ShadowReport) -> Iterator[BrokenThreshold]:
        least, agreement = self.agreement_at_least, report.agreement
        if least is not None and (agreement is None or agreement < least):
            yield BrokenThreshold("agreement", agreement, least)
        rate = report.shadow.error_rate if report.shadow.requests else None
        for figure, value, bound in (
            ("error rate", rate, self.errors_at_most),
            ("p95 relative to live", report.p95_factor, self.p95_factor_at_most),
            ("p95", report.shadow.p95_ms, self.p95_ms_at_most),
        ):
            if bound is not None and (value is None or value > bound):
                yield BrokenThreshold(figure, value, bound)


def _text(figure: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    if figure in ("agreement", "error rate"):
        return percent_text(value)
    return exact_latency_text(value) if figure == "p95" else f"{value:.2f}x"
