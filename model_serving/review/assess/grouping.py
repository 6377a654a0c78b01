"""The steps of a preview, put together by what declares them: an endpoint, a service principal, something else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.databricks.resource_types import (
    ENGINE_TYPES,
    MODEL_SERVING,
    PERMISSIONS,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_COMPONENT,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.review.plan.preview import Step, Urn

_COMPONENTS = {
    SERVING_ENDPOINT_COMPONENT: "endpoint",
    SERVICE_PRINCIPAL_COMPONENT: "service principal",
}
_ALONE = {MODEL_SERVING: "endpoint", SERVICE_PRINCIPAL: "service principal"}
"""The same without a component of ours around it, in another program."""

LOGICAL = ("replace", "same", "read", "refresh", "discard", "discard-replaced", "remove-pending-replace")


@dataclass
class Group:
    """All steps that belong to one thing. `refreshed` are those of a refresh, which come before.

    `components` are those of the component itself, for which nothing is written to the workspace.
    """

    kind: str
    key: str
    steps: list[Step] = field(default_factory=list)
    refreshed: list[Step] = field(default_factory=list)
    components: list[Step] = field(default_factory=list)

    def main(self, resource: str) -> Step | None:
        """The step of a resource type. Of a replacement, the half that tells both sides."""
        found = [step for step in self.steps if step.type == resource]
        best = sorted(found, key=lambda step: (step.op != "replace", step.op == "delete-replaced"))
        return best[0] if best else None

    def refresh(self, resource: str) -> Step | None:
        """What a refresh found of a resource type, where it found a difference."""
        found = (step for step in self.refreshed if step.type == resource)
        return next((step for step in found if step.differs or step.gone), None)


def grouped(steps: tuple[Step, ...]) -> list[Group]:
    """The groups, sorted by kind and key. Providers and the stack itself are left out."""
    parents = {step.urn.text: step.parent for step in steps if step.parent.text}
    groups: dict[tuple[str, str], Group] = {}
    for step in steps:
        if step.type.startswith(ENGINE_TYPES):
            continue
        kind, key = _owner(step, parents)
        group = groups.setdefault((kind, key), Group(kind, key))
        if step.op == "refresh":
            group.refreshed += [step] if step.type not in _COMPONENTS else []
        else:
            (group.components if step.type in _COMPONENTS else group.steps).append(step)
    return [groups[name] for name in sorted(groups)]


def owner(urn: str, steps: tuple[Step, ...]) -> tuple[str, str]:
    """The kind and key of what declares a resource."""
    parents = {step.urn.text: step.parent for step in steps if step.parent.text}
    return _owner(Step("same", Urn(urn), parents.get(urn, Urn())), parents)


def _owner(step: Step, parents: Mapping[str, Urn]) -> tuple[str, str]:
    around: Urn | None = step.urn
    for _ in range(20):
        if around is None or not around.text:
            break
        if around.type in _COMPONENTS:
            return _COMPONENTS[around.type], around.name
        around = parents.get(around.text, step.parent if around is step.urn else None)
    if step.type in _ALONE:
        return _ALONE[step.type], step.urn.name
    if step.type == PERMISSIONS:
        return "permissions", step.urn.name
    return step.type.rpartition(":")[2] or "resource", step.urn.name
