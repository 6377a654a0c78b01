"""The forms of an adoption: which endpoints are meant, what a stack file says of each, and what is not adopted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model_serving.spec.vocabulary.stack import Stack


@dataclass(frozen=True)
class Selection:
    """The endpoints of a workspace that are adopted; all of them without any condition."""

    patterns: tuple[str, ...] = ()
    """Names, or patterns of names such as `fraud-*`. One that is no pattern is read even where no listing has it."""
    creator: str | None = None
    """A user name or an application id."""


@dataclass(frozen=True)
class Destination:
    """The stack whose own file the entries are for."""

    stack: str
    spec: Stack
    """What its files declare now."""
    deployer: str | None = None
    """User name or application id of whoever runs `up`: its own CAN_MANAGE is not declared."""
    principals: Mapping[str, str] = field(default_factory=dict)
    """Keys of service principals by application id, in lower case: permissions are written with them."""
    aliases: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The aliases of a model and version."""
    follow_aliases: bool = False
    """Write `model@Alias` in place of a version, where exactly one alias has that version."""
    taken: frozenset[str] = frozenset()
    """Keys under `endpoints` of its files that are no endpoint's now, such as one that is set to null."""


@dataclass(frozen=True)
class LeftOut:
    """A setting of the live endpoint that its entry doesn't have. `path` is its place in the API's answer."""

    path: str
    why: str


@dataclass(frozen=True)
class Entry:
    """What a stack file says of a live endpoint, so that nothing of it changes."""

    key: str
    name: str
    """In the workspace, with the stack's name_prefix."""
    id: str
    fields: Mapping[str, Any]
    """The fields as a stack file spells them, in the vocabulary's order; defaults are left out."""
    left_out: tuple[LeftOut, ...] = ()
    aliases: tuple[str, ...] = ()
    """Aliases that have a served version now, such as `main.ml.fraud@Champion (version 7)`."""
    creator: str = ""


class Reason(StrEnum):
    """Why an endpoint is not adopted."""

    EXTERNAL = "external model"
    FOUNDATION = "foundation model"
    CREDENTIAL = "plaintext credential"
    UNREADABLE = "not readable"
    UPDATING = "being updated"
    FAILED = "failed"
    NOT_DEPLOYED = "not deployed"
    DELETED = "deleted"
    DECLARED = "declared already"
    OWNED = "owned by another stack"
    NAME = "name"
    INEXPRESSIBLE = "not expressible"


@dataclass(frozen=True)
class NotAdopted:
    """An endpoint that gets no entry. `why` is a sentence with what to do, without the name, and holds no secret."""

    name: str
    reason: Reason
    why: str


@dataclass(frozen=True)
class Adoption:
    """The result for a selection, both in the order of the names."""

    entries: tuple[Entry, ...]
    not_adopted: tuple[NotAdopted, ...] = ()
    service_principals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The `service_principals` that the stack doesn't declare yet: by key, each with its application id."""
    notes: tuple[str, ...] = ()
    """What could not be read, and what that means; each a sentence."""
    calls: int = 0
    """Requests to the workspace."""

    @property
    def left_out(self) -> tuple[tuple[str, LeftOut], ...]:
        """What the entries don't have, with the name of the endpoint."""
        return tuple((entry.name, each) for entry in self.entries for each in entry.left_out)
