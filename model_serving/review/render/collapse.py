"""Identical changes of several resources collapsed into one: nobody reads three hundred equal tables."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.plan.preview import Violation

T = TypeVar("T")

_FEW = 3
"""Fewer than this are shown one by one."""


@dataclass(frozen=True)
class CollapsedChange:
    """One change that stands for all identical ones, and the keys of all."""

    change: ResourceChange
    keys: tuple[str, ...]


@dataclass(frozen=True)
class CollapsedViolation:
    """Violations of one rule at one level, with the resource of each; None for the stack's own."""

    each: tuple[tuple[Violation, ResourceChange | None], ...]

    @property
    def first(self) -> Violation:
        return self.each[0][0]

    @property
    def resources(self) -> tuple[ResourceChange, ...]:
        return tuple(resource for _, resource in self.each if resource)


def collapse_changes(resources: tuple[ResourceChange, ...]) -> list[CollapsedChange]:
    """The changes in their order, identical ones at the place of the first."""
    groups = _collapsed(resources, lambda each: replace(each, key="", location=None, addresses=(), violations=()))
    return [CollapsedChange(group[0], tuple(each.key for each in group)) for group in groups]


def collapse_violations(
    resources: tuple[ResourceChange, ...], others: tuple[Violation, ...]
) -> list[CollapsedViolation]:
    """The violations in the order of their resources, mandatory ones first, the stack's own (`others`) last."""
    owned = [(violation, resource) for resource in resources for violation in resource.violations]
    groups = _collapsed(owned, lambda each: (each[0].level, each[0].rule, each[0].pack))
    groups.sort(key=lambda group: not group[0][0].mandatory)
    return [CollapsedViolation(tuple(group)) for group in groups] + [
        CollapsedViolation(((violation, None),)) for violation in others
    ]


def _collapsed(items: Sequence[T], identity: Callable[[T], Hashable]) -> list[list[T]]:
    """The items in groups of one identity, if there are enough of them; else one by one, in their order."""
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(identity(item), []).append(item)
    collapsed: list[list[T]] = []
    for item in items:
        group = groups[identity(item)]
        if len(group) < _FEW:
            collapsed.append([item])
        elif item is group[0]:
            collapsed.append(group)
    return collapsed
