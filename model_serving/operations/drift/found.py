"""What one part of a comparison has found."""

from dataclasses import dataclass, field

from model_serving.operations.drift.report import Orphan, ResourceDrift


@dataclass
class Found:
    """Resources in their classes, what is left over, and what could not be read, as in `WorkspaceDrift`."""

    resources: list[ResourceDrift] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take over what another part has found. What could not be read is said once."""
        self.resources += other.resources
        self.orphans += other.orphans
        self.unread += [each for each in other.unread if each not in self.unread]
