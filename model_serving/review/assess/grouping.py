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
from model_serving.review.assess.families import ENDPOINTS, PREDECESSOR, families
from model_serving.review.plan.preview import Preview, Step, Urn, Violation
from model_serving.spec.endpoint_resources import SEPARATOR

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
    remarks: tuple[str, ...] = ()
    """What the program says of its resources without a warning."""
    resource: str = ""
    """The name of its resource in the program, which differs from the key for a successor."""
    family: "tuple[Group, ...]" = field(default=(), repr=False, compare=False)
    """All endpoints of the key, during a migration; else none."""

    @property
    def is_endpoint(self) -> bool:
        """Whether it is a serving endpoint: one, its predecessor, or a successor that is removed."""
        return self.kind in ENDPOINTS

    @property
    def label(self) -> str:
        """What people know it by: the key; during a migration the name in the workspace."""
        return self.name if self.family or self.kind in ENDPOINTS[1:] else self.key

    @property
    def name(self) -> str:
        """The name in the workspace of an endpoint, as far as the plan has it."""
        main = self.main(MODEL_SERVING)
        sides = [] if main is None else [main.new, main.old, main.outputs]
        sides += [each.outputs for each in self.components]
        sides += [{"name": each.old.get("endpointName")} for each in self.steps]  # of a plan that a hook has ended
        return next((name for side in sides if isinstance(name := side.get("name"), str)), short_name(self.resource))

    def main(self, resource: str) -> Step | None:
        """The step of a resource type. Of a replacement, the half that has both sides; what follows an import."""
        steps = [step for step in self.steps if step.type == resource]
        return min(
            steps, key=lambda step: (step.op != "replace", step.op in {"delete-replaced", "import"}), default=None
        )

    def refresh(self, resource: str) -> Step | None:
        """The refresh of a resource type, if it found a difference."""
        steps = (step for step in self.refreshed if step.type == resource)
        return next((step for step in steps if step.differs or step.gone), None)


def grouped(steps: tuple[Step, ...], remarks: Mapping[str, tuple[str, ...]] | None = None) -> list[Group]:
    """The groups, sorted by kind and key. Providers and the stack itself are left out.

    `remarks` is what the program says of resources, by their URNs.
    """
    known = _owners(steps)
    groups: dict[Owner, Group] = {}
    for step in steps:
        if step.type.startswith(ENGINE_TYPES):
            continue
        owner, resource = known[step.urn.text]
        group = groups.setdefault(owner, Group(*owner, resource=resource))
        if step.op == "refresh":
            group.refreshed += [step] if step.type not in _COMPONENTS else []
        else:
            (group.components if step.type in _COMPONENTS else group.steps).append(step)
            group.remarks += (remarks or {}).get(step.urn.text, ())
    by_key: dict[str, list[Group]] = {}
    for group in groups.values():
        if group.is_endpoint:
            by_key.setdefault(group.key, []).append(group)
    for family in by_key.values():
        for group in family if len(family) > 1 else ():
            group.family = tuple(family)
    return [groups[owner] for owner in sorted(groups)]


def owners(steps: tuple[Step, ...]) -> dict[str, Owner]:
    """What declares each resource, by its URN."""
    return {urn: owner for urn, (owner, _) in _owners(steps).items()}


def _owners(steps: tuple[Step, ...]) -> dict[str, tuple[Owner, str]]:
    """What declares each resource, and the name of that one's resource, by the URN."""
    parents = {step.urn.text: step.parent for step in steps if step.parent.text}
    endpoints = families(steps)
    return {step.urn.text: _owner(step.urn, parents, endpoints) for step in steps}


def _owner(urn: Urn, parents: Mapping[str, Urn], endpoints: Mapping[str, Owner]) -> tuple[Owner, str]:
    for ancestor in _ancestry(urn, parents):
        if ancestor.type == SERVING_ENDPOINT_COMPONENT and ancestor.name in endpoints:
            return endpoints[ancestor.name], ancestor.name
        if ancestor.type in _COMPONENTS:
            return (_COMPONENTS[ancestor.type], ancestor.name), ancestor.name
    return (_WITHOUT_COMPONENT.get(urn.type, urn.short_type or "resource"), urn.name), urn.name


def _ancestry(urn: Urn, parents: Mapping[str, Urn]) -> Iterator[Urn]:
    """A resource, its parent, that one's parent and so on."""
    seen: set[str] = set()
    while urn.text and urn.text not in seen:
        yield urn
        seen.add(urn.text)
        urn = parents.get(urn.text, Urn())


def address_of(owner: Owner) -> str:
    """What commands know an endpoint by: its key, or `KEY.predecessor`."""
    kind, key = owner
    return f"{key}.{PREDECESSOR}" if kind == PREDECESSOR else key


def violations_by_owner(preview: Preview) -> tuple[dict[Owner, tuple[Violation, ...]], tuple[Violation, ...]]:
    """Violations by the resource that they are about, and those about the stack or an unknown resource."""
    owner_of = owners(preview.steps)
    owned: dict[Owner, tuple[Violation, ...]] = {}
    for violation in preview.violations:
        if owner := owner_of.get(violation.urn):
            owned[owner] = (*owned.get(owner, ()), violation)
    return owned, tuple(each for each in preview.violations if each.urn not in owner_of)


def short_name(resource: str) -> str:
    """The name of an endpoint's resource as people know it: that of a successor is the endpoint's, after the key."""
    return resource.partition(SEPARATOR)[2] or resource
