"""Identical changes of several resources collapsed into one: nobody reads three hundred equal tables."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from model_serving.contract.conditions import PERMISSIONS_DECLARED
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.plan.preview import Violation

T = TypeVar("T")

_FEW = 3
"""Fewer than this are shown one by one."""
_PAIR = 2


@dataclass(frozen=True)
class CollapsedChange:
    """One change that stands for all identical ones, and the key of each, or the name during a migration."""

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
    def keys(self) -> tuple[str, ...]:
        return tuple(resource.label for resource in self.resources)

    @property
    def resources(self) -> tuple[ResourceChange, ...]:
        return tuple(resource for _, resource in self.each if resource)


def collapse_changes(resources: tuple[ResourceChange, ...]) -> list[CollapsedChange]:
    """The changes in their order, identical ones at the place of the first."""
    groups = _collapsed(
        resources,
        lambda each: replace(
            each,
            key="",
            name="",
            location=None,
            addresses=(),
            violations=(),
            migration=each.migration and each.migration.phase_alone,
        ),
    )
    return [CollapsedChange(group[0], tuple(each.label for each in group)) for group in groups]


def collapse_violations(
    violations: Sequence[tuple[Violation, ResourceChange | None]],
) -> list[CollapsedViolation]:
    """The violations of resources in their order, several of one rule as one; then the stack's own, one by one."""
    owned = [each for each in violations if each[1]]
    groups = _collapsed(
        owned,
        lambda each: (each[0].level, each[0].rule, each[0].pack),
        lambda each: _PAIR if each[0].rule == PERMISSIONS_DECLARED else _FEW,
    )
    return [CollapsedViolation(tuple(group)) for group in groups] + [
        CollapsedViolation((each,)) for each in violations if not each[1]
    ]


def _collapsed(
    items: Sequence[T], identity: Callable[[T], Hashable], few: Callable[[T], int] = lambda _: _FEW
) -> list[list[T]]:
    """The items in groups of one identity, if there are `few` of them; else one by one, in their order."""
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(identity(item), []).append(item)
    collapsed: list[list[T]] = []
    for item in items:
        group = groups[identity(item)]
        if len(group) < few(item):
            collapsed.append([item])
        elif item is group[0]:
            collapsed.append(group)
    return collapsed
