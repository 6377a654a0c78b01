"""The gate of one step of a rollout."""

from collections.abc import Callable
from typing import Protocol

from model_serving.databricks.client import Workspace
from model_serving.delivery.rollout.gate.measured_gate import MeasuredGate
from model_serving.delivery.rollout.gate.result import GateResult
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.operations.outputs import Outputs
from model_serving.review.plan.engine_process import progress
from model_serving.spec.vocabulary.rollout import Gate as DeclaredGate


class Gate(Protocol):
    """What the runner of a rollout calls: `begin` once, `read` at least every 20 s of the bake, `finish` at its end.

    No method raises for what the workspace, the endpoint or a command does: it is in the result.
    """

    def begin(self) -> None:
        """Begin the window of the figures. Called when the step's split is live."""

    def read(self) -> GateResult:
        """The figures so far. A bound that is `broken` ends the bake at once; nothing is `inconclusive` yet."""

    def finish(self) -> GateResult:
        """The verdict at the end of the bake: figures and smoke requests; if these pass, shadow, then the command.

        Where it is `inconclusive`, the runner may extend the bake (`read` again) and call this once more: the window
        goes on from `begin`.
        """


def open_gate(
    step: BakingStep,
    declared: DeclaredGate | None,
    outputs: Outputs,
    workspace: Workspace,
    show: Callable[[str], None] = progress,
) -> Gate:
    """The gate of a step as `rollout.gate` declares it; without a declaration it measures, and passes.

    `outputs` are those of the deployed stack, `workspace` is a connection to its workspace whose calls don't wait for
    longer than a reading may take (`operations.live.targets`). `show` gets the output of a command.
    """
    return MeasuredGate(step, declared or DeclaredGate(), outputs, workspace, show)
