"""What a gate found: the bounds that are broken, why nothing can be said, and the figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.databricks.metrics.figures import Figures


@dataclass(frozen=True)
class BrokenBound:
    """A figure that broke its bound. Both are texts with their units, such as `123ms` and `below 80ms`."""

    figure: str
    """`p95`, `errors`, `agreement`, or the name of a smoke request or a command."""
    value: str
    bound: str
    entity: str = ""
    requests: int | None = None
    """The requests that the figure is of; None where it is of none, such as a command's exit status."""

    def __str__(self) -> str:
        of = f" of {self.requests:,} requests" if self.requests is not None else ""
        entity = f"{self.entity}: " if self.entity else ""
        return f"{entity}{self.figure}: {self.value}{of} (bound: {self.bound})"


@dataclass(frozen=True)
class GateResult:
    """The result of a gate. It has passed only where nothing is broken and nothing is unknown."""

    broken: tuple[BrokenBound, ...] = ()
    inconclusive: tuple[str, ...] = ()
    """Sentences that say what can't be judged and why. Empty while a bake runs: then nothing is judged yet."""
    figures: Mapping[str, Figures] = field(default_factory=dict)
    """The figures of the bake so far, by served entity."""
    notes: tuple[str, ...] = ()
    """Sentences for people that decide nothing, such as a reading of the metrics that failed and is repeated."""

    @property
    def passed(self) -> bool:
        """Whether the next step may follow."""
        return not self.broken and not self.inconclusive
