"""Service principals and whatever else a stack holds, judged by what happens to them."""

from collections.abc import Iterator

from model_serving.databricks.resource_types import SERVICE_PRINCIPAL, SERVICE_PRINCIPAL_SECRET
from model_serving.review.assess.actions import action_of, drift
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Finding, Risk, by_risk
from model_serving.review.assess.other_resources import anything, fields, tells
from model_serving.review.assess.resource_change import Action, Subject
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown


def other(group: Group) -> Subject:
    """A service principal, or any other resource."""
    steps = [step for step in group.steps if tells(step)]
    return Subject(
        kind=group.kind,
        key=group.key,
        action=_action(group, steps),
        findings=by_risk(finding for step in steps for finding in _findings(step)),
        fields=tuple(row for step in steps if step.op != "create" for row in fields(step)),
        drift=drift(group, *sorted({step.type for step in group.refreshed})),
        gone=any(step.gone for step in group.refreshed),
    )


def _action(group: Group, steps: list[Step]) -> Action:
    """What happens to the whole: to the principal itself, or else to all that belongs to it, where that is the same."""
    main = group.main(SERVICE_PRINCIPAL)
    if main and action_of(main) is not Action.NONE:
        return action_of(main)
    actions = {action_of(step) for step in steps}
    if main or len(actions) > 1:
        return Action.UPDATE if actions else Action.NONE
    return actions.pop() if actions else Action.NONE


def _findings(step: Step) -> Iterator[Finding]:
    action = action_of(step)
    if step.type == SERVICE_PRINCIPAL:
        yield from _principal(step, action)
    elif step.type == SERVICE_PRINCIPAL_SECRET:
        yield from _secret(step, action)
    else:
        yield from anything(step)


def _principal(step: Step, action: Action) -> Iterator[Finding]:
    name = shown((step.new or step.old).get("displayName")) or step.urn.name
    match action:
        case Action.CREATE:
            yield Finding(Risk.ACCESS, f"A new identity: {quoted(name)}")
        case Action.DELETE:
            yield Finding(Risk.OUTAGE, f"The identity {quoted(name)} is deleted: all that signs in as it is refused")
        case Action.REPLACE:
            why = f"forced by {', '.join(map(quoted, step.forced_by))}" if step.forced_by else ""
            yield Finding(
                Risk.OUTAGE, f"{quoted(name)} is deleted and made again: another application id and secret", why
            )
        case Action.UPDATE:
            for row in fields(step):
                yield Finding(Risk.ACCESS, f"{quoted(row.label)} {quoted(row.before)} → {quoted(row.after)}")


def _secret(step: Step, action: Action) -> Iterator[Finding]:
    match action:
        case Action.CREATE:
            yield Finding(Risk.ACCESS, "A new OAuth secret; it goes into the stack's encrypted outputs")
        case Action.DELETE:
            yield Finding(
                Risk.OUTAGE, f"OAuth secret {quoted(step.urn.name)} is deleted: callers that use it can't sign in"
            )
        case Action.REPLACE:
            why = f"forced by {', '.join(map(quoted, step.forced_by))}" if step.forced_by else ""
            yield Finding(
                Risk.OUTAGE,
                f"OAuth secret {quoted(step.urn.name)} is deleted and made anew: callers need the new one",
                why,
            )
