"""The report for other programs. Fields are added, never renamed; `version` counts incompatible changes."""

import json
from collections.abc import Sequence
from typing import Any

from model_serving.databricks.prices.cost import Cost
from model_serving.databricks.prices.forms import capacity_json, cost_json
from model_serving.review.assess.execution_order import Write
from model_serving.review.assess.permissions import Principal
from model_serving.review.assess.report import Report
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.assess.rollout_plan import RolloutPlan
from model_serving.review.assess.sentence import Sentence
from model_serving.review.assess.stack_cost import StackCost
from model_serving.review.render.summary import counts, verdict

VERSION = 1


def as_json(reports: Sequence[Report]) -> str:
    """All stacks' reports as one JSON document."""
    document = {"version": VERSION, "stacks": [_stack(report) for report in reports]}
    return json.dumps(document, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _stack(report: Report) -> dict[str, Any]:
    summary = {"verdict": verdict(report), "counts": counts(report), "risk": report.risk}
    resources = list(map(_resource, report.resources))
    return {**vars(report), "resources": resources, "cost": _cost(report.cost), "summary": summary}


def _cost(cost: StackCost) -> dict[str, Any] | None:
    """Cost and capacity with their units, amounts as text; None if neither changes."""
    if not cost:
        return None
    each = [{"key": each.key, **_sides(each.before, each.after)} for each in cost.endpoints]
    capacities = [{"key": each.key, **capacity_json(each.demand, each.entities)} for each in cost.capacities]
    stack = _sides(cost.before, cost.after) if cost.is_whole else None
    return {"endpoints": each, "stack": stack, "capacities": capacities, "unread": dict(cost.unread)}


def _sides(before: Cost | None, after: Cost | None) -> dict[str, Any]:
    sides = {"before": before, "after": after}
    return {name: None if each is None else cost_json(each) for name, each in sides.items()}


def _resource(change: ResourceChange) -> dict[str, Any]:
    rollout = change.rollout and _rollout(change.rollout)
    return {**vars(change), "rows": change.rows, "risk": change.risk, "rollout": rollout}


def _rollout(plan: RolloutPlan) -> dict[str, Any]:
    """The steps of the traffic. `gate` is spelled as in a stack file; other numbers are seconds and percentages."""
    gate = plan.declared.gate
    return {
        "gaining": plan.gaining,
        "live": plan.live.percentages,
        "steps": [{"share": step.share, "traffic": step.percentages} for step in plan.steps],
        "continues_from": plan.continues_from,
        "bake_seconds": float(plan.declared.bake),
        "at_least_seconds": plan.at_least_seconds,
        "on_failure": plan.declared.on_failure,
        "gate": gate and gate.model_dump(mode="json", exclude_none=True),
    }


def _plain(value: Any) -> Any:
    """A part of the report as JSON has it: sentences, principals and steps as text, everything else by its fields."""
    if isinstance(value, Write):
        return str(value.text)
    return str(value) if isinstance(value, Sentence | Principal) else vars(value)
