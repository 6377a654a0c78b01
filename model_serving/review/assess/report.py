"""A preview as a report: the change of every resource, a verdict, and what deploying does, in order."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from model_serving.contract.conditions import ALIASES_NAMED, ALIASES_STAY
from model_serving.review.assess.causes import Cause, causes, is_explained, violation_place
from model_serving.review.assess.conditions import is_affected, is_condition, needs_someone, without_repetitions
from model_serving.review.assess.digest import Covered, covered
from model_serving.review.assess.endpoint import endpoint_change
from model_serving.review.assess.engine_errors import engine_errors
from model_serving.review.assess.execution_order import Write, execution_order
from model_serving.review.assess.grouping import Group, grouped, violations_by_owner
from model_serving.review.assess.impacts import Risk, impact, worst
from model_serving.review.assess.locations import Locations, nowhere
from model_serving.review.assess.permissions import KnownPrincipals, known_principals
from model_serving.review.assess.renames import with_renames
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.safeguards import with_safeguards
from model_serving.review.assess.service_principals import other_change
from model_serving.review.plan.notices import Notice
from model_serving.review.plan.preview import Preview, Violation, provider_versions


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
        """What was changed or deleted outside of this project, without what is re-created: that is a change."""
        return tuple(
            each
            for each in self.resources
            if (each.gone and each.action is not Action.CREATE) or (each.drift and not each.unfinished)
        )

    @property
    def half_updated(self) -> tuple[ResourceChange, ...]:
        """What a failed update changed nevertheless."""
        return tuple(each for each in self.resources if each.drift and each.unfinished and not each.gone)

    def count(self, action: Action, kind: str = "endpoint") -> int:
        """The number of resources of a kind with an action."""
        return sum(resource.action is action and resource.kind == kind for resource in self.resources)


def report(
    preview: Preview,
    locations: Locations = nowhere,
    stamp: Stamp | None = None,
    notices: Iterable[Notice] = (),
    purpose: Purpose = Purpose.REVIEW,
) -> Report:
    """The report on a preview. `locations` returns where each resource is declared; `notices` join the preview's."""
    known = known_principals(preview.steps)
    violations, others = violations_by_owner(preview)
    groups = grouped(preview.steps)
    every = [
        replace(
            change,
            violations=tuple(
                replace(each, place=violation_place(each, (change.kind, change.key), locations))
                for each in violations.get((change.kind, change.key), ())
            ),
            location=locations(change.kind, change.key),
            fields=tuple(replace(row, place=locations(change.kind, change.key, row.field)) for row in change.fields),
        )
        for change in with_renames([_resource_change(group, known) for group in groups])
    ]
    shown = tuple(sorted(dict.fromkeys((*preview.notices, *notices)), key=lambda each: each.kind.rank))
    every = [without_repetitions(change, shown) for change in every]
    reported = [change for change in every if is_affected(change) or change.violations]
    verdict, errors = _verdict(preview, reported, shown), engine_errors(preview)
    covers = Covered() if verdict is Verdict.FAILED else covered(preview)
    return Report(
        stack=preview.stack,
        verdict=verdict,
        resources=tuple(sorted(reported, key=_severity)),
        unchanged=sum(each.kind == "endpoint" and not is_affected(each) for each in every),
        order=() if errors else execution_order(preview.steps, groups),
        errors=errors,
        warnings=preview.warnings,
        violations=others,
        packs=preview.packs,
        digest="" if verdict is Verdict.FAILED else covers.digest,
        covered=covers,
        stamp=_with_tools(stamp or Stamp(), preview),
        purpose=purpose,
        causes=causes(preview, errors, locations),
        notices=shown,
    )


def _with_tools(stamp: Stamp, preview: Preview) -> Stamp:
    """The stamp with the versions of the engine and of the provider, as far as the preview has them."""
    engine = preview.decided_by.versions.get("pulumi", "")
    tools = [f"Pulumi {engine}"] if engine else []
    tools += [f"databricks provider {version}" for version in provider_versions(preview.steps)]
    return replace(stamp, tools=stamp.tools or tuple(tools))


def _resource_change(group: Group, known: KnownPrincipals) -> ResourceChange:
    change = endpoint_change(group, known) if group.kind == "endpoint" else other_change(group)
    change = with_safeguards(change, group)
    if change.action is Action.NONE or change.impacts or change.drift:
        return change
    # Never silent: a write that the report can't explain needs a person's attention.
    why = "the provider reports a difference, but no value that may be shown differs"
    return replace(change, impacts=(impact(Risk.BEHAVIOUR, "Updated", why),))


def _verdict(preview: Preview, resources: list[ResourceChange], notices: tuple[Notice, ...]) -> Verdict:
    if preview.errors or not preview.complete or any(each.mandatory for each in preview.violations):
        return Verdict.FAILED
    risks = {resource.risk for resource in resources} - {None, Risk.COSMETIC}
    advised = any(
        not is_condition(violation)
        for resource in resources
        if resource.action is not Action.NONE
        for violation in resource.violations
    )
    drifted = any(resource.drift or resource.gone for resource in resources)
    noticed = any(each.kind.needs_approval for each in notices)
    return Verdict.APPROVAL if risks or advised or drifted or noticed or needs_someone(resources) else Verdict.FINE


def _severity(resource: ResourceChange) -> tuple[bool, int, str, str]:
    mandatory = any(each.mandatory for each in resource.violations)
    return (not mandatory, resource.risk.rank if resource.risk else len(Risk), resource.kind, resource.key)
