"""A stack's state and workspace for the runner of rollouts, with a command that can be killed at any point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from model_serving.delivery.rollout.course import Course, PlannedRollout
from model_serving.delivery.rollout.deployer import DeploymentFailedError, TakenOverError
from model_serving.delivery.rollout.gate.result import BrokenBound, GateResult
from model_serving.delivery.rollout.runner import Runner
from model_serving.operations.rollout_history import History
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Approval, Owner, Record, Split, record_from, utc
from model_serving.spec.vocabulary.rollout import Rollout

LIVE, TARGET = {"champion": 100, "challenger": 0}, {"champion": 0, "challenger": 100}
DECLARED = Rollout.model_validate({"steps": [5, 25, 50], "bake": "10m"})
MODELS = {"champion": "fraud v7", "challenger": "fraud v8"}
SLOW = BrokenBound("p95", "123 ms", "80 ms", "challenger", 1203)


class KilledError(BaseException):
    """The command was killed: nothing of it runs any more."""


@dataclass
class FakeClock:
    """A clock that waiting moves. `kill_after` seconds of waiting, the command is killed."""

    time: datetime = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
    kill_after: float | None = None

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        if self.kill_after is not None:
            if seconds >= self.kill_after:
                self.time += timedelta(seconds=self.kill_after)
                raise KilledError
            self.kill_after -= seconds
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeGate:
    """A gate with its results in order; the last one stays."""

    results: Sequence[GateResult]
    calls: list[str]

    def begin(self) -> None:
        self.calls.append("begin")

    def read(self) -> GateResult:
        self.calls.append("read")
        (first, *_rest) = self.results
        return first if first.broken else GateResult(figures=first.figures)

    def finish(self) -> GateResult:
        self.calls.append("finish")
        first, *rest = self.results
        self.results = rest or [first]
        return first


@dataclass
class FakeStack:
    """What outlives a command: the state's records, the workspace's splits, and what was written, in order."""

    clock: FakeClock = field(default_factory=FakeClock)
    live_splits: dict[str, Split] = field(default_factory=lambda: {"fraud": LIVE})
    records: dict[str, Record] = field(default_factory=dict)
    since: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The step that is deployed, and since when, by key."""
    written: list[tuple[str, int, float]] = field(default_factory=list)
    """Each change of a split: the endpoint, the challenger's share, and the seconds since the beginning."""
    points: list[str] = field(default_factory=list)
    kill_at: str = ""
    """The point, such as `deploy 1: before the split`, at which the command is killed."""
    failing: Callable[[Mapping[str, EndpointStep]], str] = lambda _steps: ""
    """The reason for which a deployment fails, before anything is written."""
    failing_after: Callable[[Mapping[str, EndpointStep]], str] = lambda _steps: ""
    """The same, once everything is written."""
    failing_between: Callable[[Mapping[str, EndpointStep]], str] = lambda _steps: ""
    """The same, once the record is written, and before the split is."""
    runs: int = 0
    said: list[str] = field(default_factory=list)
    gate_calls: list[str] = field(default_factory=list)
    _began: datetime = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)

    def deploy(self, steps: Mapping[str, EndpointStep], *, going_back: bool) -> None:
        self.runs += 1
        self._point(f"{'back' if going_back else 'deploy'} {self.runs}: before the record")
        if reason := self.failing(steps):
            raise DeploymentFailedError(reason)
        self._keep(steps)
        if reason := self.failing_between(steps):
            raise DeploymentFailedError(reason, frozenset(key for key, each in steps.items() if each.record))
        self._point(f"deploy {self.runs}: before the split")
        for key, each in steps.items():
            if dict(self.live_splits[key]) != dict(each.traffic):
                self.live_splits[key] = dict(each.traffic)
                seconds = (self.clock.time - self._began).total_seconds()
                self.written.append((key, each.traffic["challenger"], seconds))
        self._point(f"deploy {self.runs}: before the step")
        for key, each in steps.items():
            if each.step and self.since.get(key, ("",))[0] != each.step:
                self.since[key] = (each.step, utc(self.clock.time))
        self._point(f"deploy {self.runs}: at its end")
        if reason := self.failing_after(steps):
            raise DeploymentFailedError(reason)

    def record(self, steps: Mapping[str, EndpointStep]) -> None:
        self.runs += 1
        self._point(f"end {self.runs}: before the record")
        self._keep(steps)
        self._point(f"end {self.runs}: at its end")

    def live(self, keys: Sequence[str]) -> Mapping[str, Split]:
        return {key: self.live_splits[key] for key in keys}

    def _keep(self, steps: Mapping[str, EndpointStep]) -> None:
        for key, each in steps.items():
            if each.record:
                kept, wanted = self.records.get(key), record_from(each.record)
                if (kept.revision if kept else "") not in (each.expects, wanted.revision):
                    raise TakenOverError(key)
                self.records[key] = wanted

    def _point(self, name: str) -> None:
        self.points.append(name)
        if name == self.kill_at:
            raise KilledError

    def history(self, key: str) -> History | None:
        record = self.records.get(key)
        step, since = self.since.get(key, ("", ""))
        return History(key, record, since if step == record.step else "") if record else None

    def planned(self, key: str = "fraud", declared: Rollout = DECLARED, target: Split = TARGET) -> PlannedRollout:
        return PlannedRollout(key, declared, self.live_splits[key], target, MODELS, self.history(key))

    def run(
        self,
        *planned: PlannedRollout,
        gate: Callable[[Course], Sequence[GateResult]] = lambda _course: [GateResult()],
    ) -> list[Course]:
        """One run of the command, to its end. Raises KilledError where it is killed."""
        courses = [Course(each, Owner("here", 7), Approval("digest")) for each in planned or [self.planned()]]
        runner = Runner(
            courses,
            self,
            lambda course: FakeGate(gate(course), self.gate_calls),
            self.clock,
            self.said.append,
        )
        runner.run()
        return courses

    @property
    def shares(self) -> list[int]:
        """The challenger's shares, in the order in which the workspace got them."""
        return [share for _, share, _ in self.written]
