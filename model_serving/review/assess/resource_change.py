"""What a preview does to one endpoint, service principal or other resource. All of it is safe to show."""

from dataclasses import dataclass
from dataclasses import field as field_of
from enum import StrEnum
from typing import Self

from model_serving.contract.conditions import ALIASES_STAY
from model_serving.review.assess.families import ENDPOINTS
from model_serving.review.assess.impacts import Impact, Risk, worst
from model_serving.review.assess.migration import Migration
from model_serving.review.assess.permissions import Grant
from model_serving.review.assess.rollout_plan import RolloutPlan
from model_serving.review.assess.served_entities import EntityChange, Share
from model_serving.review.plan.preview import Violation
from model_serving.spec.diagnostics import Location


class Action(StrEnum):
    """What happens to the resource as a whole; `done` is the word for it in headlines and counts."""

    CREATE = ("create", "created")
    ADOPT = ("adopt", "taken under management")  # imported into Pulumi's state; it is live already
    UPDATE = ("update", "updated")
    REPLACE = ("replace", "replaced")
    DELETE = ("delete", "deleted")
    FORGET = ("forget", "no longer managed")  # Pulumi removes it from its state; it stays in the workspace
    NONE = ("none", "unchanged")

    done: str

    def __new__(cls, value: str, done: str) -> Self:
        """A string with its word as an attribute."""
        action = str.__new__(cls, value)
        action._value_ = value
        action.done = done
        return action


@dataclass(frozen=True)
class Row:
    """One value before and after, as text; empty if there is none."""

    label: str
    before: str
    after: str
    field: tuple[str, ...] = ()
    """The keys below the resource's own that lead to it in a stack file."""
    place: Location | None = field_of(default=None, compare=False)
    """The line that declares it."""


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource that a stack file declares."""

    kind: str
    """`endpoint`, `predecessor`, `service principal`, or the resource's type."""
    key: str
    """Its key in the stack file."""
    action: Action
    impacts: tuple[Impact, ...] = ()
    """Worst first."""
    entities: tuple[EntityChange, ...] = ()
    """Served entities that are added, removed or changed."""
    settings: tuple[Row, ...] = ()
    """Settings of an endpoint that a reviewer compares."""
    addresses: tuple[Row, ...] = ()
    """URL and id where they change: the only rows that differ between endpoints that change in the same way."""
    shares: tuple[Share, ...] = ()
    grants: tuple[Grant, ...] = ()
    fields: tuple[Row, ...] = ()
    """Every changed field under its name in a stack file."""
    rollout: RolloutPlan | None = None
    """The steps in which the traffic of a live endpoint moves, if it declares a rollout."""
    migration: Migration | None = None
    """The migration of which the endpoint is one side."""
    compared: tuple[Row, ...] = ()
    """How the two endpoints of a migration differ: `before` is of the counterpart."""
    drift: tuple[Row, ...] = ()
    """Fields that differ between the last deployment and the workspace."""
    gone: bool = False
    """Removed outside of this project."""
    unfinished: bool = False
    """The last update of it failed. `drift` is then what that update changed, and no change made outside."""
    violations: tuple[Violation, ...] = ()
    name: str = ""
    """An endpoint's name in the workspace."""
    location: Location | None = None
    """Where the stack files declare it."""

    @property
    def risk(self) -> Risk | None:
        return worst(impact.risk for impact in self.impacts)

    @property
    def place(self) -> Location | None:
        """The line of the first changed field; where none is known, the line that declares the resource."""
        return next((row.place for row in self.fields if row.place), self.location)

    @property
    def deployed_entities(self) -> int:
        """The number of served entities that are deployed, or deployed again."""
        if self.action in {Action.CREATE, Action.REPLACE}:
            return sum(change.after is not None for change in self.entities)
        changed = {row.field[1] for row in self.fields if row.field[:1] == ("served_entities",) and len(row.field) > 1}
        return len(changed - {change.name for change in self.entities if change.after is None})

    @property
    def moved_aliases(self) -> tuple[Violation, ...]:
        """What the policy pack reports of aliases that deploy another version though no file names one."""
        return tuple(each for each in self.violations if each.rule == ALIASES_STAY)

    @property
    def is_endpoint(self) -> bool:
        """Whether it is a serving endpoint, in whatever role."""
        return self.kind in ENDPOINTS

    @property
    def noun(self) -> str:
        """What it is called: its kind, or its part in a migration."""
        return (self.migration.phase.noun if self.migration else "") or self.kind

    @property
    def done(self) -> str:
        """What happens to it: `replaced`; `recreated` for what someone deleted outside of this project."""
        if self.migration and self.migration.phase.done:
            return self.migration.phase.done
        return "recreated" if self.gone and self.action is Action.CREATE else self.action.done

    @property
    def counted(self) -> str:
        """The same where it is counted with others: what is recreated is created, too."""
        return self.action.done if self.done == "recreated" else self.done

    @property
    def label(self) -> str:
        """What people know it by: its key; during a migration an endpoint's name, since two have one key."""
        return self.name if self.migration or self.kind in ENDPOINTS[1:] else self.key

    @property
    def title(self) -> str:
        return f"{self.noun} {self.label}"

    @property
    def rows(self) -> tuple[Row, ...]:
        """Everything that a reviewer compares: models, compute, settings and addresses."""
        compared = [row for change in self.entities for row in _entity_rows(change)]
        return (*compared, *self.settings, *self.addresses)


def _entity_rows(change: EntityChange) -> list[Row]:
    before, after = change.before, change.after
    rows = [
        Row(f"Model · {change.name}", before.label if before else "", after.label if after else ""),
        Row(f"Runs on · {change.name}", before.compute if before else "", after.compute if after else ""),
    ]
    return [row for row in rows if row.before != row.after]
