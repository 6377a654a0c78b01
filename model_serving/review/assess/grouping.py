"""The steps of a preview, grouped by what declares them: an endpoint, a service principal or another resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from model_serving.databricks.resource_types import (
    ENGINE_TYPES,
    MODEL_SERVING,
    PERMISSIONS,
    SECRET_SCOPE_COMPONENT,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_COMPONENT,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.review.plan.preview import Preview, Step, Urn, Violation

Owner: TypeAlias = tuple[str, str]
"""The kind and key of what declares a resource."""

_COMPONENTS = {
    SERVING_ENDPOINT_COMPONENT: "endpoint",
    SERVICE_PRINCIPAL_COMPONENT: "service principal",
    SECRET_SCOPE_COMPONENT: "secret scope",
}
_WITHOUT_COMPONENT = {MODEL_SERVING: "endpoint", SERVICE_PRINCIPAL: "service principal", PERMISSIONS: "permissions"}
"""Resources that another program registers without our components."""

LOGICAL = ("replace", "same", "read", "refresh", "discard", "discard-replaced", "remove-pending-replace")
"""The operations that write nothing to the workspace."""


@dataclass
class Group:
    """All steps that belong to one owner. `refreshed` are those of a refresh, which come first.

    `components` are those of the component itself, for which nothing is written to the workspace.
    """

    kind: str
    key: str
    steps: list[Step] = field(default_factory=list)
    refreshed: list[Step] = field(default_factory=list)
    components: list[Step] = field(default_factory=list)

    def main(self, resource: str) -> Step | None:
        """The step of a resource type. Of a replacement, the half that has both sides."""
        steps = [step for step in self.steps if step.type == resource]
        return min(steps, key=lambda step: (step.op != "replace", step.op == "delete-replaced"), default=None)

    def refresh(self, resource: str) -> Step | None:
        """The refresh of a resource type, if it found a difference."""
        steps = (step for step in self.refreshed if step.type == resource)
        return next((step for step in steps if step.differs or step.gone), None)


def grouped(steps: tuple[Step, ...]) -> list[Group]:
    """The groups, sorted by kind and key. Providers and the stack itself are left out."""
    owner_of = owners(steps)
    groups: dict[Owner, Group] = {}
    for step in steps:
        if step.type.startswith(ENGINE_TYPES):
            continue
        owner = owner_of[step.urn.text]
        group = groups.setdefault(owner, Group(*owner))
        if step.op == "refresh":
            group.refreshed += [step] if step.type not in _COMPONENTS else []
        else:
            (group.components if step.type in _COMPONENTS else group.steps).append(step)
    return [groups[owner] for owner in sorted(groups)]


def owners(steps: tuple[Step, ...]) -> dict[str, Owner]:
    """What declares each resource, by its URN."""
    parents = {step.urn.text: step.parent for step in steps if step.parent.text}
    return {step.urn.text: _owner(step.urn, parents) for step in steps}


def _owner(urn: Urn, parents: Mapping[str, Urn]) -> Owner:
    for ancestor in _ancestry(urn, parents):
        if ancestor.type in _COMPONENTS:
            return _COMPONENTS[ancestor.type], ancestor.name
    return _WITHOUT_COMPONENT.get(urn.type, urn.short_type or "resource"), urn.name


def _ancestry(urn: Urn, parents: Mapping[str, Urn]) -> Iterator[Urn]:
    """A resource, its parent, that one's parent and so on."""
    seen: set[str] = set()
    while urn.text and urn.text not in seen:
        yield urn
        seen.add(urn.text)
        urn = parents.get(urn.text, Urn())


def violations_by_owner(preview: Preview) -> tuple[dict[Owner, tuple[Violation, ...]], tuple[Violation, ...]]:
    """Violations by the resource that they are about, and those about the stack or an unknown resource."""
    owner_of = owners(preview.steps)
    owned: dict[Owner, tuple[Violation, ...]] = {}
    for violation in preview.violations:
        if owner := owner_of.get(violation.urn):
            owned[owner] = (*owned.get(owner, ()), violation)
    return owned, tuple(each for each in preview.violations if each.urn not in owner_of)
