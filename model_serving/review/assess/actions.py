"""What the engine's operations mean for the thing they are done to, and what a refresh found done to it outside."""

from model_serving.review.assess.grouping import Group
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.plan.diff import compare
from model_serving.review.plan.field_names import spoken
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown

_ACTIONS = {
    "create": Action.CREATE,
    "import": Action.CREATE,
    "update": Action.UPDATE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    # Alone, where a guard stopped the preview before the other half was told.
    "delete-replaced": Action.REPLACE,
    "delete": Action.DELETE,
}


def action_of(step: Step) -> Action:
    action = _ACTIONS.get(step.op, Action.NONE)
    return Action.FORGET if action is Action.DELETE and step.retained else action


def drift(group: Group, *resources: str) -> tuple[Row, ...]:
    """What a refresh found changed outside."""
    found: list[Row] = []
    for resource in resources:
        step = group.refresh(resource)
        if step and not step.gone:
            found += [
                Row(spoken(change.path), shown(change.old), shown(change.new))
                for change in compare(step.old, step.new, step.differs)
            ]
    return tuple(found)
