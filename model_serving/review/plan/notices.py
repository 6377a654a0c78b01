"""Notices: facts about a review that no change and no policy violation holds, such as what the reader may not read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from model_serving.spec.diagnostics import Location


class NoticeKind(StrEnum):
    """The kinds of notices in the order in which a report shows them, each with its sign.

    `needs_approval` is whether a notice of the kind alone makes a person's approval necessary.
    """

    JUDGE_CHANGED = "judge-changed", "⚖️", True
    """The change alters what judges it: policies, components, this tool. The first notice of a comment."""
    ROLLED_BACK = "rolled-back", "⏪", True
    """The change undoes a rollback: an endpoint would serve again what was taken out of service."""
    POLICY_CHANGED = "policy-changed", "📜", True
    """A policy setting or a waiver is added, changed or removed."""
    ROLLOUT = "rollout", "🚦", True
    """The last rollout to the declared traffic failed, or has not ended."""
    ALIAS_MOVED = "alias-moved", "🏷️", True
    """A model alias names another version than the one that is deployed."""
    QUOTA = "quota", "📏", False
    """A limit of the workspace, with its use before and after the change."""
    EXPIRY = "expiry", "⌛", False
    """A secret that expires soon, or the date until which a replaced one stays valid."""
    UNMANAGED = "unmanaged", "👁️", False
    """Something in the workspace that the stack files do not declare, such as a permission."""
    UNREAD = "unread", "🙈", False
    """What the reader's identity may not read, and the report therefore does not compare. One notice for all."""

    icon: str
    needs_approval: bool

    def __new__(cls, value: str, icon: str, needs_approval: bool) -> Self:
        """A string with its sign and its weight as attributes."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.icon, kind.needs_approval = icon, needs_approval
        return kind

    @property
    def is_first(self) -> bool:
        """Whether a report begins with it."""
        return self is NoticeKind.JUDGE_CHANGED

    @property
    def rank(self) -> int:
        """0 for the first."""
        return list(NoticeKind).index(self)


@dataclass(frozen=True)
class Notice:
    """One fact, free of secrets. Names and values in `text` stand between backticks; `place` is linked to its line."""

    kind: NoticeKind
    text: str
    """One sentence without a full stop: what is so, and what follows from it."""
    place: Location | None = None
    fix: str = ""
    """A command, or the edit of a line, that changes it; shown on a line of its own."""
