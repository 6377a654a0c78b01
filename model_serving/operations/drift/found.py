"""What one part of a comparison has found."""

from dataclasses import dataclass, field

from model_serving.operations.drift.reads import Answer, Unread
from model_serving.operations.drift.report import Orphan, ResourceDrift


@dataclass
class Found:
    """Resources in their classes, what is left over, and what could not be read, as in `WorkspaceDrift`."""

    resources: list[ResourceDrift] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, sentence: str, answer: Answer) -> None:
        """Say what is not compared, and why.

        What the caller's role may not read is a note: only workspace admins may read OAuth secrets, and whoever reviews
        is none.
        """
        reasons = self.notes if isinstance(answer, Unread) and answer.is_denied else self.unread
        reasons.append(sentence)

    def add(self, other: "Found") -> None:
        """Take over what another part has found. What could not be read is said once."""
        self.resources += other.resources
        self.orphans += other.orphans
        self.unread += [each for each in other.unread if each not in self.unread]
        self.notes += [each for each in other.notes if each not in self.notes]
