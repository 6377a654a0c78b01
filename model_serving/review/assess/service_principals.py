"""What a preview does to a service principal, or to any resource that is no endpoint."""

from collections.abc import Iterable, Iterator

from model_serving.databricks.resource_types import (
    SECRET_DELIVERY,
    SECRET_SCOPE,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
)
from model_serving.review.assess.actions import action_of, drift
from model_serving.review.assess.deliveries import IMPACTS, delivery_drift, delivery_rows, forge_impacts, forge_rows
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, by_risk, impact
from model_serving.review.assess.oauth_secrets import generations, rotation_impacts, rotation_rows
from model_serving.review.assess.other_resources import changed_fields, fallback_impacts, field_sentence, is_reported
from model_serving.review.assess.resource_change import Action, ResourceChange, Row
from model_serving.review.assess.sentence import Part, joined, quoted, sentence
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown


def other_change(group: Group) -> ResourceChange:
    """What happens to a service principal, or to another resource."""
    steps = [step for step in group.steps if is_reported(step)]
    secrets = generations(group)
    impacts = [
        each for step in steps if not (secrets and step.type == SERVICE_PRINCIPAL_SECRET) for each in _impacts(step)
    ]
    impacts += forge_impacts(group)
    fields = [row for step in steps if step.op != "create" for row in _rows(step)]
    fields += forge_rows(group)
    return ResourceChange(
        kind=group.kind,
        key=group.key,
        action=_action(group, steps),
        impacts=by_risk([*impacts, *(rotation_impacts(secrets) if secrets else ())]),
        fields=(*fields, *(rotation_rows(secrets) if secrets else ())),
        drift=(
            *drift(group, *sorted({step.type for step in group.refreshed})),
            *(row for step in steps for row in delivery_drift(step)),
        ),
        gone=any(step.gone for step in group.refreshed),
    )


def _action(group: Group, steps: list[Step]) -> Action:
    """What happens to the principal or scope itself; if nothing does, what happens to all that belongs to it."""
    main = group.main(SERVICE_PRINCIPAL) or group.main(SECRET_SCOPE)
    if main and action_of(main) is not Action.NONE:
        return action_of(main)
    actions = {action_of(step) for step in steps}
    is_moved = any(forge_rows(group))
    if main or is_moved or len(actions) > 1:
        return Action.UPDATE if actions or is_moved else Action.NONE
    return actions.pop() if actions else Action.NONE


def _rows(step: Step) -> Iterable[Row]:
    return delivery_rows(step) if step.type == SECRET_DELIVERY else changed_fields(step)


def _impacts(step: Step) -> Iterator[Impact]:
    if step.type == SERVICE_PRINCIPAL:
        return _principal_impacts(step)
    if step.type == SERVICE_PRINCIPAL_SECRET:
        return _secret_impacts(step)
    return IMPACTS.get(step.type, fallback_impacts)(step)


def _principal_impacts(step: Step) -> Iterator[Impact]:
    display_name = shown((step.new or step.old).get("displayName")) or step.urn.name
    name = sentence("Service principal ", quoted(display_name))
    match action_of(step):
        case Action.CREATE:
            yield impact(Risk.ACCESS, sentence(name, " is new"))
        case Action.DELETE:
            yield impact(Risk.OUTAGE, sentence(name, " is deleted: whatever signs in as it is refused"))
        case Action.REPLACE:
            what = sentence(name, " is deleted and recreated with a new application id and secret")
            yield impact(Risk.OUTAGE, what, _forced_by(step))
        case Action.UPDATE:
            for row in changed_fields(step):
                yield impact(Risk.ACCESS, field_sentence(row))


def _secret_impacts(step: Step) -> Iterator[Impact]:
    name = sentence("OAuth secret ", quoted(step.urn.name))
    match action_of(step):
        case Action.CREATE:
            yield impact(Risk.ACCESS, "A new OAuth secret, stored in the stack's encrypted outputs")
        case Action.DELETE:
            yield impact(Risk.OUTAGE, sentence(name, " is deleted: callers that use it can't sign in"))
        case Action.REPLACE:
            what = sentence(name, " is deleted and recreated: callers need the new one")
            yield impact(Risk.OUTAGE, what, _forced_by(step))


def _forced_by(step: Step) -> Part:
    return sentence("forced by ", joined(map(quoted, step.forced_by))) if step.forced_by else ""
