"""Makes the report on a preview: assesses every change, then decides the verdict."""

from collections.abc import Iterable
from dataclasses import replace

from model_serving.review.assess.adoptions import without_live
from model_serving.review.assess.causes import causes, violation_place
from model_serving.review.assess.conditions import is_affected, is_condition, needs_someone, without_repetitions
from model_serving.review.assess.digest import Covered, covered
from model_serving.review.assess.endpoint import endpoint_change
from model_serving.review.assess.engine_errors import engine_errors
from model_serving.review.assess.execution_order import execution_order
from model_serving.review.assess.grouping import Group, Owner, grouped, violations_by_owner
from model_serving.review.assess.impacts import Risk, impact
from model_serving.review.assess.locations import Locations, nowhere
from model_serving.review.assess.migration_effects import with_migration
from model_serving.review.assess.permissions import KnownPrincipals, known_principals
from model_serving.review.assess.renames import with_renames
from model_serving.review.assess.report import Purpose, Report, Stamp, Verdict
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.rolled_back import rollback_notices
from model_serving.review.assess.rollout import with_rollout
from model_serving.review.assess.rollout_notices import rollout_notices
from model_serving.review.assess.safeguards import with_safeguards
from model_serving.review.assess.service_principals import other_change
from model_serving.review.assess.stack_cost import Pricing, StackCost, stack_cost
from model_serving.review.plan.notices import Notice
from model_serving.review.plan.preview import Preview, provider_versions


def report(
    preview: Preview,
    locations: Locations = nowhere,
    stamp: Stamp | None = None,
    notices: Iterable[Notice] = (),
    purpose: Purpose = Purpose.REVIEW,
    *,
    pricing: Pricing | None = None,
) -> Report:
    """The report on a preview. `locations` returns where each resource is declared; `notices` join the preview's.

    `pricing` is what its figures of cost are made with; without it they are in DBU.
    """
    known = known_principals(preview.steps)
    violations, others = violations_by_owner(preview)
    steps = without_live(preview.steps)
    groups = grouped(steps, preview.remarks)
    every = [
        replace(
            change,
            violations=tuple(
                replace(each, place=violation_place(each, (change.kind, change.key), locations))
                for each in violations.get((change.kind, change.key), ())
            ),
            location=locations(change.kind, change.key),
            fields=tuple(replace(row, place=locations(change.kind, change.key, row.field)) for row in change.fields),
            compared=tuple(
                replace(row, place=locations(change.kind, change.key, row.field) if row.field else None)
                for row in change.compared
            ),
        )
        for change in with_renames([_resource_change(group, known) for group in groups])
    ]
    undone = rollback_notices(preview.steps, preview.stack)
    noticed = (*preview.notices, *notices, *undone, *rollout_notices(preview))
    shown = tuple(sorted(dict.fromkeys(noticed), key=lambda each: each.kind.rank))
    every = [without_repetitions(change, shown) for change in every]
    reported = [change for change in every if is_affected(change) or change.violations]
    verdict, errors = _verdict(preview, reported, shown), engine_errors(preview)
    is_deployable = verdict is not Verdict.FAILED and purpose is Purpose.REVIEW
    covers = Covered() if verdict is Verdict.FAILED else covered(preview)
    return Report(
        stack=preview.stack,
        verdict=verdict,
        resources=tuple(sorted(reported, key=_severity)),
        unchanged=sum(each.kind == "endpoint" and not is_affected(each) for each in every),
        order=() if errors else execution_order(steps, groups, _rollouts(every)),
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
        cost=stack_cost(groups, pricing or Pricing()) if is_deployable else StackCost(),
    )


def _rollouts(changes: Iterable[ResourceChange]) -> dict[Owner, int]:
    """The number of steps in which the traffic of an endpoint moves, by its kind and key."""
    return {(each.kind, each.key): len(each.rollout.steps) for each in changes if each.rollout}


def _with_tools(stamp: Stamp, preview: Preview) -> Stamp:
    """The stamp with the versions of the engine and of the provider, as far as the preview has them."""
    engine = preview.decided_by.versions.get("pulumi", "")
    tools = [f"Pulumi {engine}"] if engine else []
    tools += [f"databricks provider {version}" for version in provider_versions(preview.steps)]
    return replace(stamp, tools=stamp.tools or tuple(tools))


def _resource_change(group: Group, known: KnownPrincipals) -> ResourceChange:
    change = with_migration(endpoint_change(group, known), group, known) if group.is_endpoint else other_change(group)
    change = with_rollout(with_safeguards(change, group), group)
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
