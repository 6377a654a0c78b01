"""Traffic that a stack file declares to move in steps: how it moves, and what steps can't do.

What the stack files alone can break is validated with them. These rules compare with the live split.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.databricks.naming import model_label
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import LiveEndpoint
from model_serving.policies.pack.input_values import UNKNOWN, at, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import served
from model_serving.policies.rules.live_resource import live_resource
from model_serving.policies.rules.rollout_bake import bake_violations
from model_serving.policies.rules.traffic import routes
from model_serving.spec.rollout_steps import gaining, remaining_splits
from model_serving.spec.rollout_variable import Run, this_run


@dataclass(frozen=True)
class Rollout:
    """A live endpoint with a declared rollout, its splits, and what of the way is left."""

    declared: Mapping[str, Any]
    live: LiveEndpoint
    target: dict[str, int]

    @property
    def splits(self) -> list[dict[str, int]]:
        """The splits that lie ahead; none where the target is live."""
        return remaining_splits(self.live.traffic, self.target, steps_of(self.declared))

    @property
    def intermediate(self) -> list[dict[str, int]]:
        """Those before the target."""
        return self.splits[:-1]


def steps_of(rollout: Any) -> list[int]:
    """The steps of a declared rollout. The loader reports what is none."""
    return [step for step in items(rollout, "steps") if isinstance(step, int)]


def declared_rollout(resource: Resource) -> Mapping[str, Any] | None:
    """The rollout that the stack files declare for an endpoint, not validated."""
    found = at(resource.declared, "rollout")
    return found if isinstance(found, dict) and steps_of(found) else None


def rollout_of(resource: Resource) -> Rollout | None:
    """The rollout of a live endpoint; None for a new or replaced one, or while its splits are unknown."""
    declared = declared_rollout(resource)
    target = routes(resource.inputs) if declared else None
    live = live_resource(resource) if target else None
    if not declared or not target or live is None or not live.traffic or resource.replaces(live.endpoint_id):
        return None
    return Rollout(declared, live, target)


def _check_in_steps(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    rollout = rollout_of(resource) if this_run() is Run.BY_HAND else None
    if rollout and rollout.splits:
        way = " -> ".join(_shown(split) for split in (rollout.live.traffic, rollout.target))
        yield Violation(
            f'Traffic of the live endpoint "{rollout.live.name}" would move at once, and the stack file declares a '
            f"rollout in steps: {way}",
            field_path=("traffic",),
            fixes=(
                f"model-serving rollout --stack {resource.stack} {resource.key}",
                "Merge the change: `model-serving deploy` goes through the steps",
                f"To go back at once: model-serving rollback {resource.key} --stack {resource.stack}",
            ),
        )


def _shown(split: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in sorted(split.items(), key=_largest_first) if share)


def _largest_first(share: tuple[str, int]) -> tuple[int, str]:
    return -share[1], share[0]


def _check_stageable(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    rollout = rollout_of(resource) if this_run() is not Run.STEP else None
    if rollout is None:
        return
    yield from _changed_in_place(resource, rollout)
    if rollout.splits:
        yield from _removed_too_early(resource, rollout)
        yield from _compared_with_nothing(rollout)
        yield from bake_violations(resource, rollout.declared) if rollout.intermediate else ()
        if at(resource.declared, "stopped") is True:
            yield Violation(
                "The stack file stops the endpoint and moves its traffic: while it is stopped no step can be measured",
                field_path=("stopped",),
                fixes=("Start it first, or keep `traffic` as it is",),
            )


def _changed_in_place(resource: Resource, rollout: Rollout) -> Iterator[Violation]:
    live = {at(each, "name"): each for each in items(rollout.live.answer, "config", "served_entities")}
    for entity in served(resource.inputs):
        name = at(entity, "name")
        share, before = rollout.live.traffic.get(name, 0), live.get(name)
        old = [at(before, key) for key in ("entity_name", "entity_version")]
        new = [at(entity, key) for key in ("entityName", "entityVersion")]
        if not share or before is None or UNKNOWN in new or _texts(old) == _texts(new):
            continue
        yield Violation(
            f'Served entity "{name}" changes from {_model(old)} to {_model(new)} in place: {share} % of the traffic '
            "gets it at once, and no step of the rollout comes before",
            field_path=("served_entities", name),
            fixes=(f"Declare {_model(new)} as another served entity, and move `traffic` to that one",),
        )


def _texts(values: list[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _model(values: list[Any]) -> str:
    return model_label(*_texts(values))


def _removed_too_early(resource: Resource, rollout: Rollout) -> Iterator[Violation]:
    names = {at(entity, "name") for entity in served(resource.inputs)}
    if UNKNOWN in names or None in names:
        return
    needed = {name for split in rollout.intermediate for name, share in split.items() if share}
    for name in sorted(needed - names):
        share = rollout.live.traffic.get(name, 0)
        yield Violation(
            f'Served entity "{name}" has {share} % of the traffic, which the rollout takes away in steps, and the '
            "stack file no longer declares it",
            field_path=("served_entities",),
            fixes=(f"Keep it, with `{name}: 0` under `traffic`, and remove it when the rollout is done",),
        )


def _compared_with_nothing(rollout: Rollout) -> Iterator[Violation]:
    against = at(rollout.declared, "gate", "compare", "against")
    if not isinstance(against, str) or not rollout.intermediate:
        return
    gains = gaining(rollout.live.traffic, rollout.target)
    if against in gains:
        why = "which gains traffic itself"
    elif not rollout.live.traffic.get(against):
        why = "which has no traffic"
    else:
        return
    losing = [name for name, share in rollout.live.traffic.items() if share and name not in gains]
    yield Violation(
        f'The gate compares with "{against}", {why}',
        field_path=("rollout", "gate", "compare", "against"),
        fixes=(f"Compare with one that has traffic and loses it: {', '.join(losing)}",),
    )


rollout_in_steps = Rule(
    name="rollout-in-steps",
    description="Traffic with a declared rollout moves in its steps.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_in_steps,
    reads_workspace=True,
    why="`pulumi up` by hand moves all traffic at once, without a step, a gate, or a way back.",
    passes="A review, `model-serving deploy` and `model-serving rollout`; a run that leaves the live split as it is; a "
    "new endpoint; one without `rollout`.",
    fails="`pulumi up` or `pulumi preview` by hand that would change the live split. The message has both splits and "
    "the commands.",
)

rollout_can_be_staged = Rule(
    name="rollout-can-be-staged",
    description="A change under a declared rollout is one that its steps can make.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_stageable,
    reads_workspace=True,
    why="Steps move traffic between served entities. Whatever else changes for callers reaches all of them at once, "
    "past the gate.",
    passes="Another model version as a second served entity, with `traffic` that moves to it; a change of an entity "
    "without live traffic.",
    fails="Another model or version of a served entity with live traffic; a removed entity that still has traffic in a "
    "step; a gate that compares with an entity that gains, or has no traffic; traffic that moves while the stack file "
    "stops the endpoint. As advice: a `bake` of less than two minutes under a gate of figures, because metrics are "
    "those of the last full minute.",
)
