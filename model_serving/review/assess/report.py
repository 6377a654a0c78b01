"""The report on a preview: the change of every resource, a verdict, and what deploying does, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from model_serving.contract.conditions import ALIASES_NAMED, ALIASES_STAY
from model_serving.review.assess.causes import Cause, is_explained
from model_serving.review.assess.conditions import is_condition, needs_someone
from model_serving.review.assess.digest import Covered
from model_serving.review.assess.execution_order import Write
from model_serving.review.assess.impacts import Risk, worst
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.stack_cost import StackCost
from model_serving.review.plan.notices import Notice
from model_serving.review.plan.preview import Violation
from model_serving.spec.rollout_record import Record


class Verdict(StrEnum):
    """The result of a review."""

    FINE = "fine"  # nothing to do, or cosmetic changes only
    APPROVAL = "approval"  # a person must approve it
    FAILED = "failed"  # the preview failed, or a policy forbids the change

    @property
    def exit_status(self) -> int:
        """The exit status of the command that made the report."""
        return {"fine": 0, "approval": 2, "failed": 1}[self.value]


class Purpose(StrEnum):
    """What a report is for."""

    REVIEW = "review"  # a change that somebody may approve
    DRIFT = "drift"  # what differs from the stack files, without a change


@dataclass(frozen=True)
class Stamp:
    """What was reviewed, so that a reader sees when the report is stale. Every part may be empty."""

    base: str = ""
    head: str = ""
    run: str = ""
    """The address of the full report."""
    uncommitted: bool = False
    """Whether files differ from the head commit."""
    source: str = ""
    """The address of the project's folder at the head commit on the forge; a file's path follows it."""
    workspace: str = ""
    """The address of the Databricks workspace."""
    tools: tuple[str, ...] = ()
    """The engine and the provider that made the preview, as `name version`."""


@dataclass(frozen=True)
class Report:
    """All that is known of one stack's preview. Free of secrets; a renderer adds and decides nothing."""

    stack: str
    verdict: Verdict
    resources: tuple[ResourceChange, ...]
    """Changed, drifted or violating; worst first."""
    unchanged: int
    """Endpoints that nothing happens to."""
    order: tuple[Write, ...]
    """What deploying does, step by step; empty if the preview did not finish."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    violations: tuple[Violation, ...]
    """Those of no resource in `resources`."""
    packs: tuple[str, ...]
    digest: str
    """The same for two previews that would do the same; empty for one that can't be deployed."""
    covered: Covered
    """What the digest covers."""
    stamp: Stamp = Stamp()
    purpose: Purpose = Purpose.REVIEW
    causes: tuple[Cause, ...] = ()
    """Why nothing can be deployed; empty unless the verdict is FAILED."""
    notices: tuple[Notice, ...] = ()
    """Facts that no change and no violation holds, the most important kind first. They come with the preview, or from
    the caller of `report`."""

    cost: StackCost = field(default_factory=StackCost)
    """Cost and capacity before and after; nothing where they don't change."""
    rolled_out: Mapping[str, Record] = field(default_factory=dict)
    """The rollouts that a deployment went through: the records of how they ended, by the endpoint's key."""

    @property
    def risk(self) -> Risk | None:
        return worst(resource.risk for resource in self.resources if resource.risk)

    @property
    def refused(self) -> bool:
        return any(each.mandatory for each in self.all_violations)

    @property
    def all_violations(self) -> tuple[Violation, ...]:
        return (*(each for resource in self.resources for each in resource.violations), *self.violations)

    @property
    def advice(self) -> tuple[tuple[Violation, ResourceChange | None], ...]:
        """The violations that refuse nothing and their resources, without those that a cause explains."""
        owned = [
            (violation, each)
            for each in self.resources
            for violation in each.violations
            if not is_explained(violation, (each.kind, each.key), self.causes)
            # A change that follows an alias is shown with the alias.
            and not (violation.rule == ALIASES_STAY and each.impacts)
            and not (
                violation.rule == ALIASES_NAMED and violation.field in {moved.field for moved in each.moved_aliases}
            )
        ]
        return tuple(
            each for each in (*owned, *((violation, None) for violation in self.violations)) if not each[0].mandatory
        )

    @property
    def conditions(self) -> tuple[tuple[Violation, ResourceChange | None], ...]:
        """The part of `advice` that is so whether the change is deployed or not."""
        return tuple(each for each in self.advice if is_condition(each[0]))

    @property
    def need_someone(self) -> tuple[ResourceChange, ...]:
        """What a person must look at, though nothing happens to it."""
        return needs_someone(self.resources)

    @property
    def drifted(self) -> tuple[ResourceChange, ...]:
        """What was changed or deleted outside of this project, without what is recreated: that is a change."""
        return tuple(
            each
            for each in self.resources
            if (each.gone and each.action is not Action.CREATE) or (each.drift and not each.unfinished)
        )

    @property
    def half_updated(self) -> tuple[ResourceChange, ...]:
        """What a failed update changed nevertheless."""
        return tuple(each for each in self.resources if each.drift and each.unfinished and not each.gone)

    @property
    def changed(self) -> tuple[ResourceChange, ...]:
        """The resources that something happens to."""
        return tuple(each for each in self.resources if each.action is not Action.NONE)
