"""What the engine's operations do to a resource, and what a refresh found changed outside of this project."""

from typing import Any

from model_serving.review.assess.grouping import Group
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.plan.diff import Change, compare, readable
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown
from model_serving.spec.field_names import stack_file_keys

_ACTIONS = {
    "create": Action.CREATE,
    "import": Action.ADOPT,
    "update": Action.UPDATE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    # Alone, where a hook stops the preview before the other half is reported.
    "delete-replaced": Action.REPLACE,
    "delete": Action.DELETE,
}


def action_of(step: Step) -> Action:
    """The action that a step is part of."""
    action = _ACTIONS.get(step.op, Action.NONE)
    return Action.FORGET if action is Action.DELETE and step.retained else action


def _shown(change: Change, value: Any) -> str:
    return shown(readable(change.path, value))


def field_row(change: Change) -> Row:
    """A changed field under its name in a stack file."""
    keys = stack_file_keys(change.path)
    return Row(".".join(keys), _shown(change, change.old), _shown(change, change.new), keys)


def drift(group: Group, *resources: str) -> tuple[Row, ...]:
    """The fields that a refresh of these resource types found changed."""
    steps = filter(None, map(group.refresh, resources))
    return tuple(
        field_row(change) for step in steps if not step.gone for change in compare(step.old, step.new, step.differs)
    )
