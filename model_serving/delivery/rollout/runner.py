"""Goes through the steps of rollouts: deploys a split, bakes, reads the gate, goes on or goes back.

The endpoints of one stack go side by side: one `up` has a step of each. One that fails goes back at once, and the
others go on. Nothing here knows Pulumi: see deployer.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from model_serving.delivery.rollout.course import Course, is_same_split, shown
from model_serving.delivery.rollout.deployer import Clock, Deployer, DeploymentFailedError
from model_serving.delivery.rollout.gate.gate import Gate
from model_serving.delivery.rollout.gate.result import GateResult
from model_serving.delivery.rollout.progress_lines import BakeProgress, plain_figures
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import split_text

_POLLS: Final = 20
"""How often a gate is read in a bake, if that is neither faster nor slower than the bounds below."""
_FASTEST: Final = 0.1
_SLOWEST: Final = 15.0
_PAUSES: Final = (5.0, 20.0)
"""Seconds before going back is tried again. It is one `up` with the provider's own retries that has failed before."""


@dataclass
class _Bake:
    """A step whose split is live."""

    course: Course
    gate: Gate
    began: datetime
    ends: datetime
    is_extended: bool = False
    result: GateResult = field(default_factory=GateResult)


@dataclass
class Runner:
    """A run over some endpoints. `open_gate` gives the gate of an endpoint's current step."""

    courses: Sequence[Course]
    deployer: Deployer
    open_gate: Callable[[Course], Gate]
    clock: Clock
    notify: Callable[[str], None]
    lease: Callable[[Course, datetime], None] = lambda _course, _now: None
    """Renews the owner's lease in the course's record, before it is written."""

    def run(self) -> None:
        """Go to the targets, or back. Raises TakenOverError and InterruptedRunError."""
        bakes: dict[str, _Bake] = {}
        while moving := [each for each in self._open if each.queue and each.key not in bakes]:
            back = [each for each in moving if each.is_going_back]
            self._deploy(back or moving, bakes)
            if not self._goes_back:
                self._bake(bakes)

    @property
    def _open(self) -> list[Course]:
        return [each for each in self.courses if not each.record.status.is_over and not each.stuck]

    def _deploy(self, moving: Sequence[Course], bakes: dict[str, _Bake]) -> None:
        """One `up` with the next step of these; all others keep their split."""
        if not moving:
            return
        now, going_back = self.clock.now(), moving[0].is_going_back
        for each in moving:
            each.advance(now)
        self._announce(moving)
        try:
            self._deploy_steps(self._steps(moving, now), going_back=going_back)
        except DeploymentFailedError as error:
            for each in moving:
                if each.key in error.recorded:
                    each.written()
            self._after_failure(moving, str(error), bakes)
        else:
            for each in moving:
                each.written()
                self._arrived(each, bakes)
        self._write_ends(moving)

    def _deploy_steps(self, steps: Mapping[str, EndpointStep], *, going_back: bool) -> None:
        """One `up`, where going back more if it fails: until then callers stay with what broke a bound."""
        for pause in _PAUSES if going_back else ():
            try:
                return self.deployer.deploy(steps, going_back=going_back)
            except DeploymentFailedError as error:
                self.notify(f"Going back failed, and is tried again in {pause:.0f} s: {shown(str(error))}\n")
            self.clock.sleep(pause)
        return self.deployer.deploy(steps, going_back=going_back)

    def _steps(self, moving: Sequence[Course], now: datetime) -> dict[str, EndpointStep]:
        for each in moving:
            self.lease(each, now)
        live = {each.key: EndpointStep(dict(each.live)) for each in self.courses}
        return {**live, **{each.key: each.step(each.record.split) for each in moving}}

    def _announce(self, moving: Sequence[Course]) -> None:
        for each in moving:
            verb = "goes back" if each.is_going_back else "goes"
            self.notify(f"{each.key} {verb} to {split_text(each.record.split)}\n")

    def _arrived(self, course: Course, bakes: dict[str, _Bake]) -> None:
        """The step's split is live: bake, unless it is the last one."""
        course.live = dict(course.record.split)
        now = self.clock.now()
        if course.is_going_back or course.is_at_target:
            course.settle(now)
            return
        # Another machine's clock may be ahead: a bake never takes longer than is declared.
        began = min(datetime.fromisoformat(course.since), now) if course.since else now
        gate = self.open_gate(course)
        gate.begin()
        bake = timedelta(seconds=course.planned.declared.bake)
        bakes[course.key] = _Bake(course, gate, began, max(began + bake, now))
        self.notify(f"{course.key} bakes at {course.share} % until {began + bake:%H:%M:%S} UTC\n")

    def _after_failure(self, moving: Sequence[Course], reason: str, bakes: dict[str, _Bake]) -> None:
        """What is live decides: who has arrived goes on, who is where it would go back to is done, others go back."""
        live = self.deployer.live([each.key for each in moving])
        now = self.clock.now()
        for each in moving:
            shares = live.get(each.key)
            has_arrived = shares is not None and is_same_split(shares, each.record.split)
            if each.is_going_back and not has_arrived:
                each.stuck = shown(reason)
            elif has_arrived:
                each.expects = each.record.revision
                self._arrived(each, bakes)
            else:
                each.live = {**dict.fromkeys(each.record.target, 0), **shares} if shares is not None else each.live
                self._fail(each, f"its deployment failed: {reason}", now)
                if shares is not None and is_same_split(shares, each.record.split):
                    each.queue = []
                    each.settle(now)

    def _fail(self, course: Course, reason: str, now: datetime, result: GateResult | None = None) -> None:
        course.fail(now, reason, plain_figures(result.figures) if result else {}, is_judged=result is not None)
        self.notify(f"{course.key} failed at {course.record.reason}\n")

    def _bake(self, bakes: dict[str, _Bake]) -> None:
        """Wait until every step has passed, or one has failed."""
        progress = {key: BakeProgress(key, self.notify) for key in bakes}
        while bakes and not self._goes_back:
            now = self.clock.now()
            for key, each in [*bakes.items()]:
                if self._judge(each, now):
                    del bakes[key]
                    self._write_ends([each.course])
                else:
                    progress[key].update(each.course.share, now, each.ends, each.result)
            if bakes and not self._goes_back:
                self.clock.sleep(min(self._pause(each, now) for each in bakes.values()))

    @property
    def _goes_back(self) -> bool:
        return any(each.is_going_back for each in self._open)

    def _pause(self, bake: _Bake, now: datetime) -> float:
        left = (bake.ends - now).total_seconds()
        usual = min(max(bake.course.planned.declared.bake / _POLLS, _FASTEST), _SLOWEST)
        return max(min(usual, left), 0.01)

    def _judge(self, bake: _Bake, now: datetime) -> bool:
        """Read the gate; whether the step has ended."""
        is_end = now >= bake.ends
        bake.result = bake.gate.finish() if is_end else bake.gate.read()
        if not bake.result.broken and not is_end:
            return False
        if self._was_changed(bake, now):
            return True
        if bake.result.broken:
            self._fail(bake.course, "; ".join(map(str, bake.result.broken)), now, bake.result)
            return True
        if not bake.result.inconclusive:
            bake.course.passed(now, plain_figures(bake.result.figures))
            self.notify(f"{bake.course.key} passed at {bake.course.share} %\n")
            return True
        why = ". ".join(bake.result.inconclusive)
        if bake.is_extended:
            self._fail(bake.course, why, now, bake.result)
            return True
        bake.is_extended = True
        bake.ends = now + timedelta(seconds=bake.course.planned.declared.bake)
        self.notify(f"{bake.course.key} bakes once more as long, until {bake.ends:%H:%M:%S} UTC: {why}\n")
        return False

    def _was_changed(self, bake: _Bake, now: datetime) -> bool:
        """End the rollout where somebody else has moved the traffic meanwhile: it stays as they want it.

        Pulumi's state does not show it, so the next `up` would write over it. What can't be read is for that `up` to
        find.
        """
        course = bake.course
        shares = self.deployer.live([course.key]).get(course.key)
        if shares is None or is_same_split(shares, course.live):
            return False
        what = f"changed its traffic to {split_text(shares)}" if shares else "deleted it"
        reasons = (f"somebody else has {what}", *map(str, bake.result.broken))
        course.leave(now, shares, "; ".join(reasons), plain_figures(bake.result.figures))
        self.notify(f"{course.key} failed at {course.record.reason}. It stays as it is\n")
        return True

    def _write_ends(self, moved: Sequence[Course]) -> None:
        """Write the records of the rollouts that have just ended. The next run writes what fails here."""
        ended = [each for each in moved if each.record.status.is_over]
        if not ended:
            return
        try:
            self.deployer.record({each.key: each.step(each.live) for each in ended})
        except DeploymentFailedError as error:
            self.notify(f"The end of the rollout is not in the state yet, the next run writes it: {error}\n")
        else:
            for each in ended:
                each.written()
