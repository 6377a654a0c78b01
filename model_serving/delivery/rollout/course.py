"""One endpoint on its way: which split is live, which follow, and what its record says next."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from model_serving.databricks.build_logs import log_lines
from model_serving.operations.rollout_history import History
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Approval, Entry, Owner, Record, Split, Status, Verdict, split_text, utc
from model_serving.spec.rollout_steps import gaining, remaining_splits
from model_serving.spec.vocabulary.rollout import Rollout

_WHOLE: Final = 100
_LONGEST: Final = 2_000
"""Characters of a reason that are kept: the state has up to a hundred."""


@dataclass(frozen=True)
class PlannedRollout:
    """An endpoint whose traffic a deployment changes, and that declares how."""

    key: str
    declared: Rollout
    live: Split
    target: Split
    entities: Mapping[str, str]
    """The models of the target, by served entity."""
    history: History | None = None

    @property
    def unfinished(self) -> Record | None:
        """The record of a rollout to the same target that was begun and not ended."""
        record = self.attempt
        return record if record and not record.status.is_over else None

    @property
    def failure(self) -> Record | None:
        """The record of the last rollout, if its gate failed it and its target was the same.

        One whose deployment failed may be tried again without a decision.
        """
        record = self.attempt
        return record if record and record.status is Status.FAILED and record.is_judged else None

    @property
    def attempt(self) -> Record | None:
        """The record of the last rollout, if its target was the same and was not reached."""
        record = self.history.record if self.history else None
        return record if record and record.status is not Status.REACHED and self.is_target_of(record) else None

    def is_target_of(self, record: Record) -> bool:
        """Whether a recorded rollout has the same target: the same split of the same models."""
        return _served(record.target) == _served(self.target) and dict(record.entities) == dict(self.entities)

    @property
    def start(self) -> Split:
        """Where the traffic was before: of a rollout that was not ended, before that one."""
        record = self.history.record if self.history else None
        if record and not record.status.is_over and {*_served(record.start)} <= {*self.entities}:
            return record.start
        return self.live

    @property
    def splits(self) -> list[dict[str, int]]:
        """The splits that lie ahead: first the one that a killed run has not finished, last the target."""
        ahead = remaining_splits(self.live, self.target, self.declared.steps)
        if (record := self.unfinished) and _served(record.split) == _served(self.live):
            return [dict(record.split), *ahead]
        # Somebody else has brought it there: what is left is to note its end.
        return ahead or ([dict(self.target)] if self.unfinished else [])


def shown(reason: str) -> str:
    """A reason as it is printed and kept: a model's own errors may hold credentials, and codes of a terminal."""
    text = "; ".join(log_lines(reason, None))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _served(split: Split) -> dict[str, int]:
    return {name: share for name, share in split.items() if share}


@dataclass
class Course:
    """One endpoint during a run. `record` is what the state has, or gets next."""

    planned: PlannedRollout
    owner: Owner
    approval: Approval
    queue: list[Split] = field(init=False)
    record: Record = field(init=False)
    live: Split = field(init=False)
    expects: str = field(init=False)
    """The revision in the state."""
    since: str = ""
    """Since when a resumed step's split is deployed; empty for a step that this run deploys."""
    stuck: str = ""
    """Why it could not go back; it is left as it is."""

    def __post_init__(self) -> None:
        planned, before = self.planned, self.planned.unfinished
        self.queue, self.live = list(planned.splits), planned.live
        self.expects = planned.history.record.revision if planned.history else ""
        self.record = replace(before, owner=self.owner, approval=self.approval) if before else self._begun()
        if before and planned.history:
            self.since = planned.history.since
        if before and before.status is Status.GOING_BACK:
            self.queue = [before.split]

    def _begun(self) -> Record:
        """The record of a new rollout, with the history of the earlier ones."""
        planned = self.planned
        earlier = planned.history.record if planned.history else None
        return Record(
            revision="",
            run=secrets.token_hex(4),
            status=Status.RUNNING,
            owner=self.owner,
            approval=self.approval,
            start=dict(planned.start),
            target=dict(planned.target),
            entities=dict(planned.entities),
            split=dict(planned.live),
            previous=dict(planned.start),
            step="",
            entries=earlier.entries if earlier else (),
        )

    @property
    def key(self) -> str:
        """The endpoint's key."""
        return self.planned.key

    @property
    def gaining(self) -> frozenset[str]:
        """The served entities that the rollout gives more traffic."""
        return gaining(self.record.start, self.record.target)

    @property
    def share(self) -> int:
        """The percentage that the gaining entities have in the step's split."""
        return sum(self.record.split.get(name, 0) for name in self.gaining)

    @property
    def is_going_back(self) -> bool:
        """Whether a step failed, and the split to go back to is not known to be live."""
        return self.record.status is Status.GOING_BACK and not self.stuck

    @property
    def is_at_target(self) -> bool:
        """Whether the step's split is the target."""
        return _served(self.record.split) == _served(self.record.target)

    def resumes(self) -> bool:
        """Whether the next split is the one that a killed run was at."""
        return bool(self.queue) and bool(self.record.step) and dict(self.queue[0]) == dict(self.record.split)

    def advance(self, now: datetime) -> None:
        """Make the next split the current step. A resumed step stays what it is."""
        if self.resumes():
            self.queue.pop(0)
            return
        split = dict(self.queue.pop(0))
        record = self.record.ended(Verdict.STOPPED, utc(now))
        entry = Entry(utc(now), record.run, dict(self.live), split)
        self.since = ""
        self.record = replace(record, split=split, step=secrets.token_hex(4), entries=(*record.entries, entry))

    def passed(self, now: datetime, figures: Mapping[str, Any]) -> None:
        """End the step as passed."""
        ended = self.record.ended(Verdict.PASSED, utc(now), figures=figures)
        self.record = replace(ended, previous=ended.split)

    def fail(self, now: datetime, reason: str, figures: Mapping[str, Any], *, is_judged: bool) -> None:
        """End the step as failed. The endpoint goes back to where the declaration says."""
        reason = shown(reason)
        record = self.record.ended(Verdict.FAILED, utc(now), reason, figures)
        to_start = self.planned.declared.on_failure == "start"
        back = dict(record.start if to_start else record.previous)
        entry = Entry(utc(now), record.run, dict(self.record.split), back)
        self.since = ""
        self.record = replace(
            record,
            status=Status.GOING_BACK,
            reason=f"{self.share} %: {reason}",
            is_judged=is_judged,
            split=back,
            step=secrets.token_hex(4),
            entries=(*record.entries, entry),
        )
        self.queue = [back]

    def leave(self, now: datetime, live: Split, reason: str, figures: Mapping[str, Any]) -> None:
        """End the rollout as failed where it is: somebody else has changed the traffic to `live`."""
        reason = shown(reason)
        ended = self.record.ended(Verdict.FAILED, utc(now), reason, figures)
        reason = f"{self.share} %: {reason}"
        self.record = replace(ended, status=Status.FAILED, reason=reason, is_judged=True, owner=Owner())
        self.queue = []
        # The next `up` of other endpoints has to leave it, too. A split that no stack file could declare is left out
        # of it by its state, which still has the step's.
        if sum(live.values()) == _WHOLE and live.keys() <= self.planned.entities.keys():
            self.live = {**dict.fromkeys(self.record.target, 0), **live}
            self.record = replace(self.record, split=dict(self.live))

    def settle(self, now: datetime) -> None:
        """End the rollout: its target, or the split to go back to, is live."""
        failed = self.record.status is Status.GOING_BACK
        record = self.record.ended(Verdict.BACK if failed else Verdict.REACHED, utc(now))
        self.record = replace(record, status=Status.FAILED if failed else Status.REACHED, owner=Owner())

    def step(self, split: Split) -> EndpointStep:
        """What the next `up` writes: this split, and the record as it is now."""
        self.record = replace(self.record, revision=secrets.token_hex(8))
        return EndpointStep(dict(split), self.record.to_json(), self.expects, self.record.step)

    def written(self) -> None:
        """The state has the record."""
        self.expects = self.record.revision

    @property
    def way(self) -> str:
        """From where to where, for people."""
        return f"{split_text(self.record.start)} to {split_text(self.record.target)}"


def is_same_split(one: Split, other: Split) -> bool:
    """Whether two splits serve the same: an entity at 0 % serves as little as one that is absent."""
    return {key: share for key, share in one.items() if share} == {key: share for key, share in other.items() if share}
