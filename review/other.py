"""Service principals and whatever else a stack holds, judged by what happens to them."""

from collections.abc import Iterator

from review.access import PRINCIPAL
from review.changes import compare
from review.endpoint import action_of, drift
from review.grouping import LOGICAL, Group
from review.preview import Step
from review.risks import Finding, Risk, by_risk
from review.spans import quoted
from review.subject import Action, Row, Subject
from review.values import shown
from review.vocabulary import spoken

SECRET = "databricks:index/servicePrincipalSecret:ServicePrincipalSecret"  # noqa: S105  a type, no secret

_UNTOLD = (*LOGICAL, "delete-replaced", "create-replacement")
"""Operations that say nothing by themselves: `replace` speaks for both of its halves."""


def other(group: Group) -> Subject:
    """A service principal, or any other resource."""
    steps = [step for step in group.steps if step.op == "replace" or step.op not in _UNTOLD]
    main = next((step for step in steps if step.type == PRINCIPAL), None)
    actions = {action_of(step) for step in steps}
    action = (
        action_of(main) if main else actions.pop() if len(actions) == 1 else Action.UPDATE if actions else Action.NONE
    )
    return Subject(
        kind=group.kind,
        key=group.key,
        action=action,
        findings=by_risk(finding for step in steps for finding in _findings(step)),
        fields=tuple(row for step in steps if step.op != "create" for row in _fields(step)),
        drift=drift(group, *sorted({step.type for step in group.refreshed})),
        gone=any(step.gone for step in group.refreshed),
    )


def _findings(step: Step) -> Iterator[Finding]:
    action = action_of(step)
    if step.type == PRINCIPAL:
        yield from _principal(step, action)
    elif step.type == SECRET:
        yield from _secret(step, action)
    else:
        yield from _anything(step, action)


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
            for row in _fields(step):
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


_SAYS = {
    Action.CREATE: (Risk.COSMETIC, "is created"),
    Action.UPDATE: (Risk.COSMETIC, "changes"),
    Action.REPLACE: (Risk.INTERFACE, "is deleted and created again"),
    Action.DELETE: (Risk.INTERFACE, "is deleted"),
    Action.FORGET: (Risk.COSMETIC, "is left to itself: Pulumi forgets it"),
}
_GRANTS = ("databricks:index/grant:Grant", "databricks:index/grants:Grants", "databricks:index/permissions:Permissions")


def _anything(step: Step, action: Action) -> Iterator[Finding]:
    if action is Action.NONE:
        return
    risk, verb = _SAYS[action]
    kind = step.type.rpartition(":")[2]
    about = ", ".join(f"{quoted(row.label)} {quoted(row.before)} → {quoted(row.after)}" for row in _fields(step)[:4])
    yield Finding(Risk.ACCESS if step.type in _GRANTS else risk, f"{kind} {quoted(step.urn.name)} {verb}", about)


def _fields(step: Step) -> list[Row]:
    changes = compare(step.old, step.new, step.differs) if step.op != "delete" else ()
    return [Row(spoken(change.path), shown(change.old), shown(change.new)) for change in changes]
