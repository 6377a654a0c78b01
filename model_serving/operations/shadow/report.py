"""The result of a shadow run. It holds field paths and figures, and no value of a request or an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.operations.shadow.answer_figures import AnswerFigures


@dataclass(frozen=True)
class NumberDifferences:
    """Absolute differences of the numbers of one field, over all its compared values."""

    mean: float
    p50: float
    p95: float
    maximum: float


@dataclass(frozen=True)
class FieldReport:
    """How one field of the answers compares. `path` has `[]` for the elements of a list."""

    path: str
    compared: int
    differing: int
    numbers: NumberDifferences | None = None


@dataclass(frozen=True)
class TextLengths:
    """Mean lengths of the texts of chat answers, in characters."""

    live: float
    shadow: float


@dataclass(frozen=True)
class ShadowReport:
    """What a served entity would have answered in place of those that the callers heard."""

    endpoint: str
    entity: str
    source: str
    """Where the requests come from: a file, or the full name of an inference table."""
    recorded: bool
    """Whether the live answers are recorded ones; otherwise the run asked for them."""
    compared: int
    """The requests to which both sides have a good answer, or only the live side has."""
    agreeing: int
    live: AnswerFigures
    shadow: AnswerFigures
    fields: tuple[FieldReport, ...] = ()
    """The fields that differ at least once, those that differ most often first."""
    texts: TextLengths | None = None
    """Only for chat answers."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Numbers of recorded requests that were not replayed, by reason."""
    seconds: float = 0.0
    tolerance: float = 0.0

    @property
    def agreement(self) -> float | None:
        """The fraction of compared requests with the same answer; None where nothing could be compared."""
        return self.agreeing / self.compared if self.compared else None

    @property
    def p95_factor(self) -> float | None:
        """The p95 latency of the entity relative to the live one."""
        return self.shadow.p95_ms / self.live.p95_ms if self.shadow.p95_ms and self.live.p95_ms else None
