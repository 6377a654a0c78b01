"""A gate that judges a step by the endpoint's metrics, smoke requests, a shadow run and a user's command."""

from collections.abc import Callable, Iterator
from typing import Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.metrics.reader import read_sample
from model_serving.delivery.rollout.gate.bounds import broken_bounds, is_compared, unknown_figures
from model_serving.delivery.rollout.gate.command import failure_of_command
from model_serving.delivery.rollout.gate.result import BrokenBound, GateResult
from model_serving.delivery.rollout.gate.shadow import broken_agreement
from model_serving.delivery.rollout.gate.smoke import failed_smoke_requests, gate_connection
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.delivery.rollout.gate.window import Window
from model_serving.errors import UserError
from model_serving.operations.outputs import Outputs
from model_serving.spec.vocabulary.rollout import Gate

_SHORTEST_LIMIT: Final = 10.0
"""Seconds that a command may take however short the bake is."""


class MeasuredGate:
    """The gate of one step, as `rollout.gate` declares it."""

    def __init__(
        self, step: BakingStep, declared: Gate, outputs: Outputs, workspace: Workspace, show: Callable[[str], None]
    ) -> None:
        self._step, self._declared, self._outputs, self._show = step, declared, outputs, show
        name = outputs.endpoint(step.endpoint).name
        self._window = Window(lambda: read_sample(workspace, name))
        self._smoke_is_sent = False

    def begin(self) -> None:
        """Begin the window of the figures."""
        self._window.begin()

    def read(self) -> GateResult:
        """The broken bounds so far. The first call sends the smoke requests, so that a wrong answer ends it at once."""
        self._window.read()
        broken = broken_bounds(self._declared, self._window.figures, self._step, early=True)
        unknown: list[str] = []
        if not self._smoke_is_sent:
            self._smoke_is_sent = True
            broken += self._collected(self._smoke, unknown)
        notes = [f"{each}. The gate tries again at the end of the bake" for each in unknown]
        if self._window.lost:
            notes.append(
                f"The metrics of {self._step.endpoint} can't be read, and are tried again: {self._window.lost}"
            )
        return GateResult(tuple(broken), figures=self._window.figures, notes=tuple(notes))

    def finish(self) -> GateResult:
        """The verdict. Nothing that takes long begins where the figures have decided already."""
        self._window.read()
        unknown = self._unknown_figures()
        broken = broken_bounds(self._declared, self._window.figures, self._step, early=False)
        broken += self._collected(self._smoke, unknown)
        for check in (self._shadow, self._command):
            if not broken and not unknown:
                broken += self._collected(check, unknown)
        return GateResult(tuple(broken), tuple(unknown), self._window.figures, tuple(self._notes()))

    def _unknown_figures(self) -> list[str]:
        """What can't be judged: figures that are missing, and the reason that is known of it."""
        unknown = unknown_figures(self._declared, self._window.figures, self._step)
        if self._window.gap and (unknown or self._judges_figures):
            return [*unknown, f"The metrics of {self._step.endpoint} {self._window.gap}"]
        if unknown and self._window.is_too_short:
            return [*unknown, "The workspace reports a minute once it is over, so a bake needs at least 3 minutes"]
        return unknown

    @property
    def _judges_figures(self) -> bool:
        declared = self._declared
        return any(each is not None for each in (declared.errors_below, declared.p95_below, declared.compare))

    def _notes(self) -> Iterator[str]:
        compare = self._declared.compare
        if compare and not is_compared(compare, self._step):
            yield f"Not compared with {compare.against}, which receives no traffic at this step"

    def _collected(self, check: Callable[[str], Iterator[BrokenBound]], unknown: list[str]) -> list[BrokenBound]:
        """What a check finds broken, of every entity that gains; what it can't find out is added to `unknown`."""
        broken: list[BrokenBound] = []
        for entity in self._step.judged:
            try:
                broken += check(entity)
            except UserError as error:
                unknown.append(str(error))
        return broken

    def _smoke(self, entity: str) -> Iterator[BrokenBound]:
        if self._declared.smoke:
            yield from failed_smoke_requests(gate_connection(self._outputs, self._step.endpoint), entity)

    def _shadow(self, entity: str) -> Iterator[BrokenBound]:
        if self._declared.shadow:
            connection = gate_connection(self._outputs, self._step.endpoint)
            broken = broken_agreement(connection, entity, self._declared.shadow, self._step.bake_seconds)
            yield from [broken] if broken else []

    def _command(self, entity: str) -> Iterator[BrokenBound]:
        command, step = self._declared.command, self._step
        if not command:
            return
        variables = {
            "MODEL_SERVING_STACK": step.stack,
            "MODEL_SERVING_ENDPOINT": step.endpoint,
            "MODEL_SERVING_ENDPOINT_NAME": self._outputs.endpoint(step.endpoint).name,
            "MODEL_SERVING_ENTITY": entity,
            "MODEL_SERVING_STEP": str(step.share),
        }
        seconds = max(_SHORTEST_LIMIT, step.bake_seconds)
        failure = failure_of_command(command, step.folder, variables, seconds, self._show)
        if failure:
            yield BrokenBound(f"command {command[0]}", failure, "exit status 0", entity)
