"""What a report says, in the order of its urgency: resources that differ in the same way are one block."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from model_serving.operations.drift.report import Condition, FieldDrift, Kind, ResourceDrift, WorkspaceDrift

_ORDER: Final = (
    Condition.MISSING,
    Condition.FAILED,
    Condition.STOPPED,
    Condition.OTHER_STACK,
    Condition.DRIFTED,
    Condition.UNDECLARED,
    Condition.MADE_BY_HAND,
    Condition.NOT_DEPLOYED,
    Condition.NOT_READABLE,
)


@dataclass(frozen=True)
class Block:
    """Resources of one stack that differ in the same way."""

    resources: tuple[ResourceDrift, ...]

    @property
    def first(self) -> ResourceDrift:
        """The resource that stands for all of them."""
        return self.resources[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Their keys in the stack file, or their names where no stack file has them."""
        return tuple(each.key or each.name for each in self.resources)


def blocks_of(workspace: WorkspaceDrift) -> list[Block]:
    """What differs or is unknown of the stacks, the most urgent first."""
    return grouped(each for each in workspace.resources if each.condition in _ORDER and not is_unmanaged(each))


def unmanaged(workspace: WorkspaceDrift) -> list[ResourceDrift]:
    """The endpoints that are in no stack file and in no state, by name."""
    return sorted(filter(is_unmanaged, workspace.resources), key=lambda each: each.name)


def is_unmanaged(resource: ResourceDrift) -> bool:
    """Whether no stack has to do with it."""
    return resource.condition is Condition.MADE_BY_HAND and not resource.stack


def grouped(resources: Iterable[ResourceDrift]) -> list[Block]:
    """The resources in blocks, the most urgent first."""
    found: dict[tuple[object, ...], list[ResourceDrift]] = {}
    for each in resources:
        found.setdefault(_likeness(each), []).append(each)
    found_blocks = [Block(tuple(group)) for group in found.values()]
    return sorted(found_blocks, key=lambda each: (_ORDER.index(each.first.condition), each.first.stack, each.names))


def counts(workspace: WorkspaceDrift) -> list[tuple[Condition, int]]:
    """How many resources are in each condition: as declared first, then the most urgent ones."""
    numbers = Counter(each.condition for each in workspace.resources)
    return [(each, numbers[each]) for each in (Condition.AS_DECLARED, Condition.UPDATING, *_ORDER) if numbers[each]]


def has_several_origins(fields: Sequence[FieldDrift]) -> bool:
    """Whether the fields came to differ in more than one way."""
    return len({each.origin for each in fields}) > 1


def _likeness(resource: ResourceDrift) -> tuple[object, ...]:
    fields = tuple(
        (each.path, repr(each.declared), repr(each.live), each.origin, each.note) for each in resource.fields
    )
    same = (resource.kind, resource.stack, resource.condition, resource.owner, fields)
    # What a person must look at one by one is never one block.
    own = resource.name if resource.reason or resource.kind is not Kind.ENDPOINT or resource.is_recreated else ""
    return (*same, resource.reason, own)
