"""The gate of one step of a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from model_serving.delivery.rollout.gate.result import GateResult


@dataclass(frozen=True)
class BakingStep:
    """A step of a rollout whose split is live: what a gate judges."""

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


class Gate(Protocol):
    """What the runner of a rollout calls, in this order: `begin` once, `read` during the bake, `finish` at its end.

    No method raises for what the workspace, the endpoint or a command does: it is in the result.
    """

    def begin(self) -> None:
        """Begin the window of the figures. Called when the step's split is live."""

    def read(self) -> GateResult:
        """The figures so far. A bound that is `broken` ends the bake at once; nothing is `inconclusive` yet."""

    def finish(self) -> GateResult:
        """The verdict at the end of the bake: figures, smoke requests, shadow, command.

        Where it is `inconclusive`, the runner may extend the bake (`read` again) and call this once more: the window
        goes on from `begin`.
        """


def open_gate(step: BakingStep, declared: Any, outputs: Any, workspace: Any) -> Gate:
    """The gate of a step as `rollout.gate` declares it; without a declaration it passes.

    `outputs` are those of the deployed stack (`operations.outputs.read_outputs`), `workspace` is a connection to its
    workspace (`databricks.client.connect`).
    """
    if declared is None:
        return NoBounds()
    raise NotImplementedError((step, declared, outputs, workspace))


class NoBounds:
    """The gate of a rollout that declares none: it passes after the bake."""

    def begin(self) -> None:
        """Nothing to begin."""

    def read(self) -> GateResult:
        """Nothing is broken."""
        return GateResult()

    def finish(self) -> GateResult:
        """Passed."""
        return GateResult()
