"""Resources that the report has no words of their own for: what happens to them, and which fields."""

from collections.abc import Iterator

from model_serving.databricks.resource_types import GRANT
from model_serving.review.assess.actions import action_of
from model_serving.review.assess.grouping import LOGICAL
from model_serving.review.assess.impacts import Finding, Risk
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.diff import compare
from model_serving.review.plan.field_names import spoken
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown


def tells(step: Step) -> bool:
    """Whether an operation says something by itself: `replace` speaks for both of its halves."""
    return step.op == "replace" or step.op not in {*LOGICAL, "delete-replaced", "create-replacement"}


_SAYS = {
    Action.CREATE: (Risk.COSMETIC, "is created"),
    Action.UPDATE: (Risk.COSMETIC, "changes"),
    Action.REPLACE: (Risk.INTERFACE, "is deleted and created again"),
    Action.DELETE: (Risk.INTERFACE, "is deleted"),
    Action.FORGET: (Risk.COSMETIC, "is left to itself: Pulumi forgets it"),
}
"""Privileges of one principal on one thing of Unity Catalog."""


def anything(step: Step) -> Iterator[Finding]:
    """What happens to a resource, in one finding; of a grant, who may do what with what."""
    action = action_of(step)
    if action is Action.NONE:
        return
    risk, verb = _SAYS[action]
    if step.type == GRANT:
        yield Finding(Risk.ACCESS, f"{'Loses' if action is Action.DELETE else 'Gains'} {_privileges(step)}")
        return
    changed = ", ".join(f"{quoted(row.label)} {quoted(row.before)} → {quoted(row.after)}" for row in fields(step)[:4])
    about = "" if action is Action.CREATE else changed
    yield Finding(risk, f"{step.type.rpartition(':')[2]} {quoted(step.urn.name)} {verb}", about)


def _privileges(step: Step) -> str:
    """`SELECT` on table `main.ml.transactions`."""
    inputs = step.old if step.op == "delete" else step.new
    privileges = inputs.get("privileges")
    told = ", ".join(quoted(shown(each)) for each in privileges) if isinstance(privileges, list) else "something"
    on = next((name for name in sorted(inputs) if name not in {"privileges", "principal"}), "")
    return f"{told} on {on} {quoted(shown(inputs.get(on)))}"


def fields(step: Step) -> list[Row]:
    """Every field that changes, in the words of a stack file."""
    changes = compare(step.old, step.new, step.differs) if step.op != "delete" else ()
    return [Row(spoken(change.path), shown(change.old), shown(change.new)) for change in changes]
