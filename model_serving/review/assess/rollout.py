"""The staged rollout of an endpoint: the steps of its traffic, and changes of the declaration itself.

The declaration is an input of the endpoint's component, spelled as in a stack file. The engine keeps it in the state
and writes nothing to the workspace for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.review.assess.actions import action_of, field_row
from model_serving.review.assess.families import PREDECESSOR
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, by_risk, impact
from model_serving.review.assess.migration import inputs_of, pair_of
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.rollout_plan import RolloutPlan, rollout_plan
from model_serving.review.assess.sentence import quoted, sentence
from model_serving.review.assess.served_entities import percentages
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.preview import Step
from model_serving.spec.vocabulary.rollout import Rollout

INPUT: Final = "rollout"
_COMMAND: Final = ("rollout", "gate", "command")
_KEPT: Final = ("same", "update")


def with_rollout(change: ResourceChange, group: Group) -> ResourceChange:
    """The change with the steps of its traffic, and with what changes of the rollout's declaration."""
    plan = _plan(change, group)
    changes = declaration_changes(group)
    if not plan and not changes:
        return change
    return replace(
        change,
        action=Action.UPDATE if change.action is Action.NONE else change.action,
        impacts=by_risk([*change.impacts, *_impacts(changes, is_drawn=plan is not None)]),
        fields=(*change.fields, *map(field_row, changes)),
        rollout=plan,
    )


def declaration_changes(group: Group) -> tuple[Change, ...]:
    """The changed fields of the rollout that an existing endpoint declares."""
    component = _component(group)
    if component is None:
        return ()
    before, after = ({INPUT: side[INPUT]} if INPUT in side else {} for side in (component.old, component.new))
    return tuple(compare(before, after))


def _component(group: Group) -> Step | None:
    """The step of an endpoint's component that exists before and after."""
    return next((each for each in group.components if each.op in _KEPT), None)


def _plan(change: ResourceChange, group: Group) -> RolloutPlan | None:
    """The way of the traffic; None unless that of a live endpoint moves, and it declares how."""
    component, main = _component(group), group.main(MODEL_SERVING)
    declared = _declared(component.new) if component else None
    if declared is None or main is None or action_of(main) is not Action.UPDATE or change.gone:
        return None
    pair = pair_of(group) if group.kind == PREDECESSOR else None
    if pair and percentages(inputs_of(pair.endpoint)) != percentages(main.new):
        return None  # a step gives a predecessor the traffic of its endpoint only if it has the same
    return rollout_plan(declared, percentages(main.old), percentages(main.new))


def _declared(inputs: Mapping[str, Any]) -> Rollout | None:
    try:
        return Rollout.model_validate(inputs[INPUT]) if INPUT in inputs else None
    except ValidationError:
        return None  # by another version of this library


def _impacts(changes: tuple[Change, ...], *, is_drawn: bool) -> Iterator[Impact]:
    """What a changed declaration means. What is new of it is not repeated where the steps are drawn."""
    for change in changes:
        if not is_drawn and (command := _command(change)):
            what = sentence("The deploy job runs ", quoted(command), " at each step")
            yield impact(Risk.ACCESS, what, "with the credentials of whoever deploys")
        if change.kind is Kind.REMOVE and change.path == (INPUT,):
            why = "a change of it reaches all of its callers at once, without a gate"
            yield impact(Risk.PROTECTION, "Traffic no longer moves in steps", why)
        elif change.kind is Kind.REMOVE:
            removed = sentence("The rollout no longer has ", quoted(field_row(change).label))
            yield impact(Risk.PROTECTION, removed, "a step that it would have stopped goes on")
    kept = [each for each in changes if each.kind is not Kind.REMOVE]
    added = any(each.path == (INPUT,) for each in kept)
    if kept and not (added and is_drawn):
        said = "Traffic moves in steps from now on" if added else "How traffic moves in steps changes"
        yield impact(Risk.COSMETIC, said, "nothing is written to the workspace for it")


def _command(change: Change) -> str:
    """The command of a gate that a change adds or replaces, as one line; empty without one."""
    found: Any = {INPUT: change.new} if change.path == (INPUT,) else None
    if change.path[:1] == (INPUT,) and found is None:
        found = change.new
        for part in reversed(change.path):
            found = {part: found}
    for part in _COMMAND:
        found = found.get(part) if isinstance(found, Mapping) else None
    return " ".join(map(str, found)) if isinstance(found, list) else ""
