"""Deploys an approved change whose endpoints roll out: real time, real signals, the stack's own gates."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from model_serving.delivery.rollout.change_parts import endpoint_steps
from model_serving.delivery.rollout.course import Course
from model_serving.delivery.rollout.declared_rollouts import DeclaredRollouts
from model_serving.delivery.rollout.deployer import TakenOverError
from model_serving.delivery.rollout.gate.gate import Gate, open_gate
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.delivery.rollout.owner import is_dead_here, lease_until, this_process
from model_serving.delivery.rollout.runner import Runner
from model_serving.delivery.rollout.sentences import ended, start_again, stopped, where
from model_serving.delivery.rollout.stack_deployer import StackDeployer
from model_serving.delivery.rollout.staging import Staging
from model_serving.delivery.stack_state import StateError, state_resources
from model_serving.errors import InterruptedRunError
from model_serving.operations.outputs import Outputs, read_outputs
from model_serving.operations.rollout_history import read_history
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.state_copy.interrupts import signals_as_errors
from model_serving.review.plan.state_copy.source import Source
from model_serving.spec.rollout_record import Record, Status

_CONTINUE: Final = """{where}.
To continue from there, run the same command again. To go back at once:
  model-serving rollback {key} --stack {stack}"""

_SIGNALS: Final = 128
"""What a shell adds to the number of a signal that ended a command."""


class StateMovedError(Exception):
    """What a killed run had started was still at work: read everything again."""


class SystemClock:
    """The time of this machine. One that is set while a step bakes makes the bake neither shorter nor longer."""

    def __init__(self) -> None:
        self._began, self._ticks = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """Now, in UTC."""
        return self._began + timedelta(seconds=time.monotonic() - self._ticks)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Ended:
    """How a run ended: where each endpoint is, and what people read."""

    courses: Sequence[Course]
    message: str
    others: Mapping[str, Record] = field(default_factory=dict)
    """The records that another run has written meanwhile: what it says counts."""

    @property
    def succeeded(self) -> bool:
        """Whether each endpoint has its declared traffic."""
        return all(each.record.status is Status.REACHED for each in self.courses)

    @property
    def records(self) -> dict[str, Record]:
        """The record of each endpoint, by its key."""
        return {each.key: self.others.get(each.key, each.record) for each in self.courses}


@dataclass(frozen=True)
class StagedDeployment:
    """An approved change, and the rollouts that it means."""

    declared: DeclaredRollouts
    staging: Staging
    preview: Preview
    packs: Sequence[str]
    itself: Source
    """The stack itself, brought up to date."""
    show: Callable[[str], None] = progress

    def run(self) -> Ended:
        """Roll out, and return how it ended. Raises StateMovedError and InterruptedRunError."""
        me, clock, staging = this_process(), SystemClock(), self.staging
        courses = [Course(each, me, staging.approval) for each in staging.rollouts]
        steps = endpoint_steps(self.preview.steps)
        deployer = StackDeployer(
            self.itself,
            self.packs,
            staging.approval.changes,
            {key: each.urn.text for key, each in steps.items()},
            self.declared.names,
            lambda: self.declared.workspace,
            self.show,
            {each.key: each.live for each in staging.unmoved},
            self.declared.companions,
        )
        runner = Runner(
            courses,
            deployer,
            self._gate,
            clock,
            self.show,
            self._lease,
        )
        first = [each.expects for each in courses]
        try:
            with self._interruptible(courses):
                runner.run()
        except TakenOverError:
            left = [each.history.record.owner for each in staging.rollouts if each.history and each.unfinished]
            if [each.expects for each in courses] == first and any(is_dead_here(each, me) for each in left):
                raise StateMovedError from None
            return Ended(courses, stopped(courses, self.declared.stack), self._records_of_others())
        return Ended(courses, "\n".join([*map(ended, courses), *self._after(courses)]))

    def _records_of_others(self) -> dict[str, Record]:
        stack, folder = self.declared.stack, self.declared.folder
        try:
            histories = read_history(stack, state_resources(stack, folder))
        except StateError:
            return {}
        return {key: each.record for key, each in histories.items()}

    def _after(self, courses: Sequence[Course]) -> list[str]:
        """What to do after a failure."""
        if not any(each.record.status is Status.FAILED and each.record.is_judged for each in courses):
            return []
        return [f"The stack files still declare its target. {start_again(self.declared.stack, self._digest)}"]

    @property
    def _digest(self) -> str:
        return self.staging.approval.digest

    @staticmethod
    def _lease(course: Course, now: datetime) -> None:
        owner = replace(course.owner, until=lease_until(now, course.planned.declared.bake))
        course.record = replace(course.record, owner=owner)

    @cached_property
    def _outputs(self) -> Outputs:
        return read_outputs(self.declared.stack)

    def _gate(self, course: Course) -> Gate:
        step = BakingStep(
            self.declared.stack,
            course.key,
            dict(course.record.split),
            course.gaining,
            course.planned.declared.bake,
            self.declared.folder,
        )
        declared = course.planned.declared.gate
        return open_gate(step, declared, self._outputs, self.declared.workspace, self.show)

    @contextmanager
    def _interruptible(self, courses: Sequence[Course]) -> Iterator[None]:
        """Say for each signal where the rollout stands. Between two runs of Pulumi nothing is in progress."""

        def text() -> str:
            way_on = _CONTINUE.format(where=where(courses), key=courses[0].key, stack=self.declared.stack)
            return f"Interrupted during a rollout: {way_on}"

        with signals_as_errors(text):
            try:
                yield
            except KeyboardInterrupt:
                raise InterruptedRunError(signal.SIGINT, text()) from None
            except InterruptedRunError as error:
                raise InterruptedRunError(signal.Signals(error.status - _SIGNALS), text()) from None
