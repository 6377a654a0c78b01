"""What Pulumi's state remembers of an endpoint's rollouts: who runs one, where it stands, and how each step ended.

The record is written before the workspace is: it says what is being done, and the workspace says what is live. It is
kept as a JSON text, because Pulumi turns whole numbers into others.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

KEPT: Final = 100
"""Entries in a record; the oldest are dropped first."""

Split = Mapping[str, int]
"""Percentages by served entity."""


class Status(StrEnum):
    """Where a rollout stands."""

    RUNNING = "running"
    GOING_BACK = "going back"  # a step failed, and the split before it is not known to be live again
    REACHED = "reached"  # the target is live
    FAILED = "failed"  # a step failed, and the endpoint is back

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self in (Status.REACHED, Status.FAILED)


class Verdict(StrEnum):
    """How a step ended."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    REACHED = "reached"  # the target: no step follows
    BACK = "back"  # the split that a failed rollout went back to
    STOPPED = "stopped"  # another target was deployed, or somebody rolled back


@dataclass(frozen=True)
class Owner:
    """The process that runs a rollout."""

    host: str = ""
    pid: int = 0
    began: float = 0.0
    """When the process began, in seconds of its host's clock: a process id is used again."""
    job: str = ""
    """The pipeline's run, such as `github:team/models/run/17`; empty outside of a pipeline."""
    attempt: int = 0
    """Which attempt of that run: it begins when the one before has ended."""
    until: str = ""
    """Until when nobody else may go on, in UTC, unless this process is known to have ended."""


@dataclass(frozen=True)
class Approval:
    """What a person approved: the digest of a report, and what it covers."""

    digest: str = ""
    sections: Mapping[str, str] = field(default_factory=dict)
    """A short hash of each section of the digest that a deployment itself does not change."""
    changes: tuple[str, ...] = ()
    """A short hash of each change of the plan."""


@dataclass(frozen=True)
class Entry:
    """One split of a rollout: from when on it was deployed, and how it ended. Times are in UTC."""

    time: str
    run: str
    before: Split
    split: Split
    verdict: Verdict = Verdict.RUNNING
    ended: str = ""
    reason: str = ""
    """Which figure broke which bound; empty unless it failed."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """The figures of the gate at its end, by served entity."""


@dataclass(frozen=True)
class Record:
    """The rollout of one endpoint that runs or that ran last, and the history of all."""

    revision: str
    """Another one at each write: whoever writes names the one that it has read."""
    run: str
    """The rollout's id."""
    status: Status
    owner: Owner
    approval: Approval
    start: Split
    """The split before the rollout."""
    target: Split
    entities: Mapping[str, str]
    """The models of the target by served entity, such as `main.ml.fraud v8`."""
    split: Split
    """The split that is being deployed, or that bakes."""
    previous: Split
    """The last split that passed; the start before any has."""
    step: str
    """The id of this step; the resource RolloutStep has it once the split is deployed."""
    reason: str = ""
    """At which percentage it failed, and why."""
    is_judged: bool = False
    """Whether the figures of the gate, or a person, failed it; otherwise its deployment did."""
    entries: tuple[Entry, ...] = ()
    """The oldest first."""

    @property
    def current(self) -> Entry | None:
        """The entry of the step that is being deployed or bakes."""
        return self.entries[-1] if self.entries and self.entries[-1].verdict is Verdict.RUNNING else None

    @property
    def where_it_is(self) -> str:
        """Where a failed rollout has ended: back, unless somebody else has moved the traffic during it."""
        went_back = not self.entries or self.entries[-1].verdict is Verdict.BACK
        return f"{'went back to' if went_back else 'was left at'} {split_text(self.split)}"

    def ended(
        self, verdict: Verdict, time: str, reason: str = "", figures: Mapping[str, Any] | None = None
    ) -> "Record":
        """The record with the verdict of the current step; the same where none is running."""
        if not self.current:
            return self
        last = replace(self.current, verdict=verdict, ended=time, reason=reason, figures=dict(figures or {}))
        return replace(self, entries=(*self.entries[:-1], last))

    def to_json(self) -> str:
        """The text that the state keeps, with the newest entries."""
        kept = {**asdict(self), "entries": [asdict(each) for each in self.entries[-KEPT:]]}
        return json.dumps(kept, separators=(",", ":"), default=dict)


_ADAPTER: Final = TypeAdapter(Record)


def record_from(text: str) -> Record:
    """The record of a JSON text. Raises ValueError for another text."""
    return _ADAPTER.validate_json(text)


def utc(moment: datetime) -> str:
    """A time as records have it: `2026-11-21T18:30:00+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def split_text(split: Split) -> str:
    """`champion 95 %, challenger 5 %`."""
    return ", ".join(f"{name} {share} %" for name, share in split.items() if share) or "no traffic"
