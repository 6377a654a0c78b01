"""Resources without an assessment of their own: what happens to them, and to which fields."""

from collections.abc import Iterator

from model_serving.databricks.resource_types import GRANT
from model_serving.review.assess.actions import action_of, field_row
from model_serving.review.assess.grouping import LOGICAL
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.review.plan.diff import compare
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown

_PHRASES = {
    Action.CREATE: (Risk.COSMETIC, "is created"),
    Action.ADOPT: (Risk.COSMETIC, "is taken under management"),
    Action.UPDATE: (Risk.COSMETIC, "is updated"),
    Action.REPLACE: (Risk.INTERFACE, "is deleted and recreated"),
    Action.DELETE: (Risk.INTERFACE, "is deleted"),
    Action.FORGET: (Risk.COSMETIC, "is removed from Pulumi's state only"),
}
_FIELDS_SHOWN = 4


def is_reported(step: Step) -> bool:
    """Whether an operation is reported by itself: `replace` stands for both of its halves."""
    return step.op == "replace" or step.op not in {*LOGICAL, "delete-replaced", "create-replacement"}


def fallback_impacts(step: Step) -> Iterator[Impact]:
    """What happens to a resource, in one impact; for a grant, who may do what with what."""
    action = action_of(step)
    if action is Action.NONE:
        return
    if step.type == GRANT:
        verb = "Loses " if action is Action.DELETE else "Gains "
        yield impact(Risk.ACCESS, sentence(verb, _privileges(step)))
        return
    risk, verb = _PHRASES[action]
    changed = [] if action in {Action.CREATE, Action.ADOPT} else changed_fields(step)[:_FIELDS_SHOWN]
    what = sentence(f"{step.urn.short_type} ", quoted(step.urn.name), f" {verb}")
    yield impact(risk, what, joined(map(field_sentence, changed)))


def _privileges(step: Step) -> Sentence:
    """`SELECT` on table `main.ml.transactions`."""
    inputs = step.old if step.op == "delete" else step.new
    privileges = inputs.get("privileges")
    names = joined(quoted(shown(each)) for each in privileges) if isinstance(privileges, list) else "privileges"
    kind = next((name for name in sorted(inputs) if name not in {"privileges", "principal"}), "")
    return sentence(names, f" on {kind} ", quoted(shown(inputs.get(kind))))


def changed_fields(step: Step) -> list[Row]:
    """Every changed field under its name in a stack file; none for a deletion."""
    changes = compare(step.old, step.new, step.differs) if step.op != "delete" else ()
    return list(map(field_row, changes))


def field_sentence(row: Row) -> Sentence:
    """`label` `before` → `after`."""
    return sentence(quoted(row.label), " ", quoted(row.before), " → ", quoted(row.after))
