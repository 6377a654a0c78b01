"""What stacks of the same workspace own already: endpoints in their files and in their states."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model_serving.operations.adopt.entry import NotAdopted, Reason
from model_serving.operations.drift.sources import Source
from model_serving.spec.succession import declared_endpoints


@dataclass(frozen=True)
class Owner:
    """A stack that has an endpoint of a name, and how."""

    stack: str
    key: str
    is_declared: bool
    """False where its state alone has the endpoint."""


@dataclass(frozen=True)
class Owners:
    """The owners in one workspace. `own` is the stack that the entries are for."""

    own: str
    by_name: Mapping[str, Owner] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What could not be read, so that an owner may be missing; each a sentence."""

    def refusal(self, name: str) -> NotAdopted | None:
        """Why an endpoint is not adopted, if a stack has it."""
        owner = self.by_name.get(name)
        if owner is None:
            return None
        key = "" if owner.key == name else f" as {owner.key}"
        if owner.stack != self.own:
            how = "declares it" if owner.is_declared else "has it in its state"
            why = (
                f"stack {owner.stack} {how}{key}. An endpoint belongs to one stack: remove it there first, with"
                " `retain_on_delete: true` so that it stays"
            )
            return NotAdopted(name, Reason.OWNED, why)
        if owner.is_declared:
            return NotAdopted(name, Reason.DECLARED, f"the stack files have it{key}: nothing is left to adopt")
        return NotAdopted(name, Reason.DECLARED, f"this stack's state has it{key}: declare it under that key again")


def owners_of(own: Source, others: Sequence[Source]) -> Owners:
    """The owners of endpoints. Stacks of other workspaces are left out. What is declared counts before a state."""
    same = [own, *(each for each in others if each.stack != own.stack and each.host == own.host)]
    found: dict[str, Owner] = {}
    for source in same:
        for name, owner in _owned(source):
            found.setdefault(name, owner)
    return Owners(own.stack, found, tuple(_note(source) for source in same if source.problems))


def _note(source: Source) -> str:
    what = f"Endpoints of stack {source.stack} may be among these, because not all of it can be read"
    return f"{what}:\n{chr(10).join(source.problems)}"


def _owned(source: Source) -> Iterator[tuple[str, Owner]]:
    for each in declared_endpoints(source.spec) if source.spec else ():
        yield each.name, Owner(source.stack, each.key, is_declared=True)
    for deployed in source.deployed.endpoints:
        yield deployed.name, Owner(source.stack, deployed.key, is_declared=False)
