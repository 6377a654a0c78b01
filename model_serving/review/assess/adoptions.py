"""Live endpoints that a change takes under management: which of its steps write, and which record what is live.

An endpoint and its permissions are imported. This project's own resources around it are created in Pulumi's state; the
input `adopted` has the names of the inputs that are live already, which are not written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from model_serving.databricks.resource_types import ENDPOINT_ACCESS, ENDPOINT_SETTINGS, ENDPOINT_STOP, MODEL_SERVING
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.plan.preview import Step

_ADOPTED: Final = "adopted"
_OWN: Final = {
    ENDPOINT_SETTINGS: ("aiGateway", "emailNotifications", "telemetryConfig"),
    ENDPOINT_ACCESS: ("accessControls",),
    ENDPOINT_STOP: ("stopped",),
}
"""The inputs of this project's own resources that are written to the workspace."""


def without_live(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps, with what an adoption finds as it is declared on both sides, so that only writes are left."""
    return tuple(map(_written, steps))


def _written(step: Step) -> Step:
    adopted = step.new.get(_ADOPTED)
    if step.op != "create" or step.type not in _OWN or not isinstance(adopted, list):
        return step
    new = {name: value for name, value in step.new.items() if name != _ADOPTED}
    unwritten = {name: value for name, value in new.items() if name in adopted}
    if all(name in adopted for name in _OWN[step.type] if name in new):
        return replace(step, op="same", old=new, new=new)
    return replace(step, old=unwritten, new=new)


def is_adopted(group: Group) -> bool:
    """Whether the group's endpoint is imported."""
    return any(step.op == "import" and step.type == MODEL_SERVING for step in group.steps)


def adoption_impacts(*, writes: bool) -> Iterator[Impact]:
    """What the adoption itself means; `writes` is whether it changes anything beside."""
    what = "Taken under management" if writes else "Taken under management as it is: nothing is written"
    yield impact(Risk.COSMETIC, what, "its id, URL, creator and callers stay")


def is_pure_adoption(change: ResourceChange) -> bool:
    """Whether an endpoint is taken under management and nothing is written to the workspace."""
    return change.action is Action.ADOPT and change.risk in {None, Risk.COSMETIC} and not change.fields
