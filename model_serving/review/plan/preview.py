"""A preview as typed steps: what the engine would do with each resource, and the policy violations."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import field as field_of
from typing import Any, Final

from model_serving.databricks.resource_types import DATABRICKS_PROVIDER
from model_serving.review.plan.notices import Notice
from model_serving.spec.diagnostics import Location

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


_DEFAULT_PROVIDER: Final = re.compile(r"default_(\d+)_(\d+)_(\d+)\b")
"""The name that the engine gives a provider that no program declares: with the version of the SDK's plugin."""


@dataclass(frozen=True)
class Safeguards:
    """The resource options that keep a resource from being deleted."""

    protect: bool = False
    """Pulumi refuses to delete or replace it."""
    retain_on_delete: bool = False
    """A deletion only removes it from Pulumi's state."""


@dataclass(frozen=True)
class Step:
    """One operation on one resource. `old` and `new` are its inputs, `outputs` are those in the state."""

    op: str
    urn: Urn
    parent: Urn = Urn()
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    forced_by: tuple[str, ...] = ()
    """The paths of the inputs that force a replacement."""
    differs: tuple[str, ...] = ()
    """The paths of the inputs that the provider reports as different."""
    safeguards_before: Safeguards | None = None
    """Those in the state; None for a resource that is not in the state."""
    safeguards_after: Safeguards | None = None
    """Those in the program; None for a resource that is deleted."""
    gone: bool = False
    """For a refresh: the resource no longer exists."""
    unfinished: bool = False
    """The last creation or update of it failed, perhaps after a part of it was applied."""
    id: str = ""
    """The id that the workspace gave it, or that it is imported by."""
    old_urn: str = ""
    """Its name in the state, where an alias renames it."""
    provider: str = ""
    """The URN of its provider."""

    @property
    def type(self) -> str:
        return self.urn.type

    @property
    def retained(self) -> bool:
        """Whether a deletion only removes the resource from Pulumi's state."""
        return self.safeguards_before is not None and self.safeguards_before.retain_on_delete


@dataclass(frozen=True, order=True)
class Violation:
    """A policy violation of a resource, or of the whole stack if `urn` is empty."""

    level: str
    rule: str
    urn: str
    message: str
    """What is wrong with this resource, and what to do."""
    description: str = ""
    """What the policy requires of every resource."""
    pack: str = ""
    field: tuple[str, ...] = ()
    """The field below the resource's own part of a stack file; empty for the whole part."""
    fixes: tuple[str, ...] = ()
    """Commands, or edits of a line, the preferred one first."""
    place: Location | None = field_of(default=None, compare=False)
    """The line of a stack file, once it is known."""

    @property
    def mandatory(self) -> bool:
        return self.level == "mandatory"


@dataclass(frozen=True)
class DecidedBy:
    """What decides on a preview, beside the state and the workspace. Empty for a preview that was read from a file."""

    files: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each file, by its path in the project's folder."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The versions of the engine and of this library."""
    workspace: str = ""
    """The host of the workspace where only the shell names it."""
    state_secrets: str = ""
    """A hash of the secrets in the state, as they are encrypted there."""


@dataclass(frozen=True)
class Origin:
    """Where an error comes from: the resource, and the hook that refused it; empty if it was no hook."""

    urn: str
    hook: str = ""


@dataclass(frozen=True)
class Preview:
    """What one run of `pulumi preview` reports."""

    stack: str
    steps: tuple[Step, ...] = ()
    kept: tuple[Step, ...] = ()
    """What only the state keeps, the records of rollouts: no write, and in no report."""
    violations: tuple[Violation, ...] = ()
    errors: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """The origin of each error that the engine reports for a resource, by its text."""
    warnings: tuple[str, ...] = ()
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the program says of a resource without a warning, by the resource's URN."""
    packs: tuple[str, ...] = ()
    """The policy packs that checked it, as `name version`."""
    complete: bool = True
    """Whether the engine finished. If not, the steps that it did not reach are unknown."""
    notices: tuple[Notice, ...] = ()
    """What whoever made the preview knows beside it: see notices.py. Add yours with `dataclasses.replace`."""
    decided_by: DecidedBy = DecidedBy()


def provider_versions(steps: Iterable[Step]) -> tuple[str, ...]:
    """The versions of the Databricks provider that the resources use, sorted."""
    found: set[str] = set()
    for step in steps:
        if step.type == DATABRICKS_PROVIDER:
            named = _DEFAULT_PROVIDER.search(step.urn.name)
            declared = step.new.get("version") or step.old.get("version")
            found |= {str(declared)} if declared else {".".join(named.groups())} if named else set()
    return tuple(sorted(found))
