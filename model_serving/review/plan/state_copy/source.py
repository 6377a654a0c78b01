"""Where a preview reads a stack's state: in a copy, or where the stack itself is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from model_serving.errors import UserError
from model_serving.review.plan.events import Event
from model_serving.review.plan.notices import Notice
from model_serving.review.plan.state_copy.checkpoint import Resource

INTERRUPTED: Final = "The preview of stack {} was interrupted; it changes nothing"


class NoSourceError(UserError):
    """The state can't be read, or not be compared with the workspace. `errors` has each reason."""

    def __init__(self, *errors: str) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class Source:
    """What `pulumi preview` needs to read a state, and what a refresh of it found before."""

    stack: str
    folder: Path
    environment: Mapping[str, str]
    options: tuple[str, ...] = ()
    """Further options of `pulumi preview`."""
    events: tuple[Event, ...] = ()
    """The events of the refresh."""
    notices: tuple[Notice, ...] = ()
    excluded: frozenset[str] = frozenset()
    """The URNs that the provider did not refresh."""
    access_lists: Mapping[str, Resource] = field(default_factory=dict)
    """The access lists that differ from the stack's state, by URN, as the workspace has them."""
    is_pending: bool = False
    """Whether the state has operations that an earlier run began and did not finish: only a refresh removes them."""
    state_secrets: str = ""
    """A hash of the secrets in the stack's state; see `state_secrets`."""
    is_copy: bool = False
    plans_apply: bool = True
    """Whether a plan that is saved with it can be applied to the stack: not if its secrets are placeholders."""

    @property
    def differs(self) -> bool:
        """Whether the refresh found the workspace, or the end of the last deployment, unlike the stack's state."""
        return self.is_pending or bool(self.access_lists) or any(map(_differs, self.events))


def _differs(event: Event) -> bool:
    metadata = event.get("resOutputsEvent", {}).get("metadata") or {}
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    return bool(old) and (not new or bool(old.get("initErrors")) or old.get("outputs") != new.get("outputs"))
