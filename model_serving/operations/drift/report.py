"""The drift of stacks as values: what `model-serving drift` renders. Nothing is read here.

Values are what JSON can hold, in the words of a stack file. A value that may be secret is replaced by MASK.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model_serving.databricks.credential_patterns import CREDENTIAL
from model_serving.spec.field_path import FieldPath, dotted
from model_serving.spec.files.secrets import MASK


class Kind(StrEnum):
    """What a stack file declares."""

    ENDPOINT = "endpoint"
    SERVICE_PRINCIPAL = "service_principal"
    SECRET_SCOPE = "secret_scope"  # noqa: S105  a kind


class Condition(StrEnum):
    """The one class of a resource. The first of these that applies, in this order."""

    NOT_READABLE = "not_readable"
    """The caller may not read it, the workspace gave no answer, or the stack file could not be compared with it."""
    NOT_DEPLOYED = "not_deployed"
    """Declared, and neither in the state nor in the workspace."""
    MISSING = "missing"
    """In the state, and not in the workspace."""
    OTHER_STACK = "other_stack"
    """Declared, and another stack's state has it. `owner` is that stack."""
    MADE_BY_HAND = "made_by_hand"
    """In the workspace, and in no stack file and in no state; or declared, and in no state: no stack created it."""
    UNDECLARED = "undeclared"
    """In the stack's state, and no longer in its files: the next `up` deletes it."""
    FAILED = "failed"
    """The last update failed or was canceled, a deployed entity fails, or it answers no requests."""
    STOPPED = "stopped"
    """Stopped, and not declared as stopped."""
    DRIFTED = "drifted"
    """It differs in `fields`; a field `id` says that it was deleted and created again under its name."""
    UPDATING = "updating"
    """An update to what is declared is in progress. This is no drift."""
    AS_DECLARED = "as_declared"

    @property
    def is_drift(self) -> bool:
        """Whether the resource is not as the stack files declare it; of one that can't be read, nothing is known."""
        return self not in (Condition.AS_DECLARED, Condition.UPDATING, Condition.NOT_READABLE)


class Origin(StrEnum):
    """How a field came to differ."""

    OUTSIDE = "outside"
    """The last deployment set another value: it was changed outside of Pulumi."""
    NOT_DEPLOYED = "not_deployed"
    """The workspace has what was last deployed: the stack files have changed since."""
    UNKNOWN = "unknown"
    """The state can't be read, or doesn't have the value."""


@dataclass(frozen=True)
class FieldDrift:
    """One field that differs. None is a field without a value."""

    path: FieldPath
    """Below the key in the stack file: `("served_entities", "champion", "version")`; an entry of a list of permissions
    is `("permissions", "group data-science")`."""
    declared: Any
    live: Any
    origin: Origin = Origin.UNKNOWN
    note: str = ""
    """What else is known, as a phrase: for example, that no stack file names the principal of a permission."""

    @property
    def name(self) -> str:
        """The path as people write it: `served_entities.champion.version`."""
        return dotted(self.shown_path)

    @property
    def shown_path(self) -> FieldPath:
        """The path without credentials: somebody may have given one as the key of a tag."""
        return tuple(MASK if isinstance(part, str) and CREDENTIAL.search(part) else part for part in self.path)


@dataclass(frozen=True)
class Trace:
    """Who did something and when, as far as the workspace says it."""

    action: str
    """What: `created`, `last changed`, or the name of an event of the audit log."""
    who: str = ""
    when: float | None = None
    """UNIX time."""
    source: str = ""
    """Where that is written: `the endpoint` or `system.access.audit`."""


@dataclass(frozen=True)
class ResourceDrift:
    """One endpoint, service principal or secret scope, compared with the stack files."""

    kind: Kind
    name: str
    """In the workspace."""
    condition: Condition
    stack: str = ""
    """The stack that declares or has it; empty for one that was made by hand."""
    key: str = ""
    """In the stack file."""
    path: FieldPath = ()
    """In the stack file: `("endpoints", "fraud-scorer")`, or that of its predecessor."""
    fields: tuple[FieldDrift, ...] = ()
    """How it differs, whatever its condition is."""
    reason: str = ""
    """Why it is in this condition, as a sentence without a full stop; empty where its fields say it."""
    id: str = ""
    """In the workspace; empty if it isn't there."""
    creator: str = ""
    owner: str = ""
    """The stack whose state has it, for OTHER_STACK."""
    traces: tuple[Trace, ...] = ()
    """The newest first."""
    live: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """An endpoint's answer to GET, where it was read. It may hold secrets: never print it."""

    @property
    def is_recreated(self) -> bool:
        """Whether it was deleted and created again under its name, outside of its stack."""
        return any(each.path == ("id",) for each in self.fields)


class OrphanKind(StrEnum):
    """What is left over in the workspace."""

    PERMISSION = "permission"
    """An entry in an endpoint's access list for a principal that no longer exists."""
    OAUTH_SECRET = "oauth_secret"  # noqa: S105  a kind
    """An OAuth secret of a service principal of the stack that the state doesn't have. It can be used."""
    SECRET_KEY = "secret_key"  # noqa: S105  a kind
    """A key of a secret scope of the stack that no delivery writes."""


@dataclass(frozen=True)
class Orphan:
    """Something that no stack file declares, on a resource that one declares."""

    kind: OrphanKind
    stack: str
    subject: str
    """What it belongs to: the name of an endpoint, the key of a service principal, or the name of a scope."""
    name: str
    """A principal with its level, the id of an OAuth secret, or a key. Never a value."""
    reason: str
    """Why it is an orphan, as a phrase."""
    removal: str = ""
    """A command that removes it; empty where the next `up` does."""
    when: float | None = None
    """When it was created or last changed, as a UNIX time."""


@dataclass(frozen=True)
class WorkspaceDrift:
    """What was compared in one workspace."""

    host: str
    stacks: tuple[str, ...]
    resources: tuple[ResourceDrift, ...]
    orphans: tuple[Orphan, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read besides the resources that are NOT_READABLE; each a sentence. With it nothing is clean."""
    notes: tuple[str, ...] = ()
    """What a reader should know, such as what the workspace never says; each a sentence."""
    calls: int = 0
    """Requests to the workspace."""


@dataclass(frozen=True)
class DriftReport:
    """The drift of stacks, by workspace."""

    workspaces: tuple[WorkspaceDrift, ...]
    time: float
    """UNIX time of the reads."""
    seconds: float = 0.0
    """How long the reads took."""
    is_whole_workspace: bool = False
    """Whether what is in no stack file was looked for, too."""

    @property
    def resources(self) -> Iterator[ResourceDrift]:
        """Everything that was compared, by workspace."""
        for each in self.workspaces:
            yield from each.resources

    @property
    def drifted(self) -> Iterator[ResourceDrift]:
        """Everything that is not as declared."""
        return (each for each in self.resources if each.condition.is_drift)

    @property
    def unread(self) -> Iterator[ResourceDrift]:
        """What could not be read or compared: nothing is known of it."""
        return (each for each in self.resources if each.condition is Condition.NOT_READABLE)

    @property
    def orphans(self) -> Iterator[Orphan]:
        """What is left over, by workspace."""
        for each in self.workspaces:
            yield from each.orphans

    @property
    def exit_status(self) -> int:
        """0 if all is as declared, 1 if something could not be read, 2 if something differs, or is left over."""
        if any(self.drifted) or any(self.orphans):
            return 2
        return 1 if any(self.unread) or any(each.unread for each in self.workspaces) else 0
