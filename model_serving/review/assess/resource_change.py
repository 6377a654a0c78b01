"""What a report says of one endpoint, service principal or other resource. All of it may be shown to anyone."""

from dataclasses import dataclass
from enum import StrEnum

from model_serving.review.assess.impacts import Finding, Risk, worst
from model_serving.review.assess.permissions import Grant
from model_serving.review.assess.served_entities import Share
from model_serving.review.plan.preview import Violation


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"  # Pulumi lets go of it; it goes on in the workspace
    NONE = "none"


@dataclass(frozen=True)
class Row:
    """One thing before and after, in words; empty where it is not there."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Subject:
    """What happens to one thing that a stack file declares."""

    kind: str
    """`endpoint`, `service principal`, or the resource's type."""
    key: str
    """Its key in the stack file."""
    action: Action
    findings: tuple[Finding, ...] = ()
    """Worst first."""
    rows: tuple[Row, ...] = ()
    """What a reviewer compares: models, machines, addresses."""
    shares: tuple[Share, ...] = ()
    grants: tuple[Grant, ...] = ()
    fields: tuple[Row, ...] = ()
    """Every changed field in the vocabulary of a stack file."""
    drift: tuple[Row, ...] = ()
    """What was changed outside: as declared before, and as found."""
    gone: bool = False
    """Removed outside."""
    unfinished: bool = False
    """The last update of it ended in an error. What a refresh then finds different came from that, not from outside."""
    violations: tuple[Violation, ...] = ()
    place: str = ""
    """Where the stack files declare it, as `file:line`."""

    @property
    def risk(self) -> Risk | None:
        return worst(finding.risk for finding in self.findings)

    @property
    def title(self) -> str:
        return f"{self.kind} {self.key}"
