"""A preview as typed steps: what the engine would do with each resource, and what the policies say to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WRITING = ("delete-replaced", "create-replacement", "create", "update", "delete", "import")
"""The operations that write, in no order. `replace` only sums up the first two."""


@dataclass(frozen=True)
class Urn:
    """A resource's name in Pulumi: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`."""

    text: str = ""

    @property
    def stack(self) -> str:
        return self.text.removeprefix("urn:pulumi:").partition("::")[0]

    @property
    def type(self) -> str:
        return self.text.split("::")[2].rpartition("$")[2] if self.text.count("::") > 1 else ""

    @property
    def short_type(self) -> str:
        """The type without its package and module: `ModelServing`."""
        return self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        return self.text.split("::", 3)[-1]


@dataclass(frozen=True)
class Safeguards:
    """The resource options that keep a resource from being deleted."""

    protect: bool = False
    """Pulumi refuses to delete or replace it."""
    retain_on_delete: bool = False
    """A deletion only removes it from Pulumi's state."""


@dataclass(frozen=True)
class Step:
    """One operation on one resource. `old` and `new` are its inputs; `found` is what the state keeps of its outputs."""

    op: str
    urn: Urn
    parent: Urn = Urn()
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    forced_by: tuple[str, ...] = ()
    """For a replacement: the inputs that force it."""
    differs: tuple[str, ...] = ()
    """The inputs that the provider finds different."""
    safe_before: Safeguards | None = None
    """As the state holds them; None for a resource that the state doesn't hold."""
    safe_after: Safeguards | None = None
    """As the program gives them; None for a resource that goes."""
    gone: bool = False
    """For a refresh: the resource is no longer there."""
    unfinished: bool = False
    """The last creation or update of it ended in an error, and a part of that may have arrived."""

    @property
    def type(self) -> str:
        return self.urn.type

    @property
    def retained(self) -> bool:
        """For a deletion: Pulumi only forgets the resource."""
        return self.safe_before is not None and self.safe_before.retain_on_delete


@dataclass(frozen=True, order=True)
class Violation:
    """A policy's word on a resource, or on the whole stack where `urn` is empty."""

    level: str
    rule: str
    urn: str
    message: str
    """What is wrong with this resource, and the way out."""
    description: str = ""
    """What the policy demands of all."""
    pack: str = ""

    @property
    def mandatory(self) -> bool:
        return self.level == "mandatory"


@dataclass(frozen=True)
class Preview:
    """A preview of one stack, as the engine reported it."""

    stack: str
    steps: tuple[Step, ...] = ()
    violations: tuple[Violation, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    """The policy packs that judged it, as `name version`."""
    complete: bool = True
    """Whether the engine got to the end. Where it didn't, what it did not reach is not known."""
