"""A step of a rollout whose split is live: what a gate judges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class BakingStep:
    """An endpoint at a step of its rollout."""

    stack: str
    endpoint: str
    """The endpoint's key."""
    split: Mapping[str, int]
    """The percentages that are live, by served entity."""
    gaining: frozenset[str]
    """The served entities that gain traffic in this rollout."""
    bake_seconds: float
    folder: Path = field(default_factory=Path)
    """The project's folder: a command of the gate runs there."""

    @property
    def share(self) -> int:
        """The percentage of all traffic that the gaining entities receive together."""
        return sum(self.split.get(entity, 0) for entity in self.gaining)

    @property
    def judged(self) -> list[str]:
        """The gaining entities that receive traffic at this step."""
        return sorted(entity for entity in self.gaining if self.split.get(entity, 0))
