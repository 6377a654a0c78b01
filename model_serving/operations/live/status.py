"""The status of an endpoint and of a stack, as values: what the renderers show and what `--json` prints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model_serving.databricks.naming import model_label
from model_serving.databricks.prices.cost import Size
from model_serving.operations.live.traffic_figures import Traffic


class State(StrEnum):
    """What an endpoint does now."""

    READY = "ready"
    UPDATING = "updating"
    SCALED_TO_ZERO = "scaled_to_zero"
    """Ready; the next request waits until an instance has started."""
    STOPPED = "stopped"
    FAILED = "failed"
    """The last update failed or was canceled, or a deployed entity fails."""
    NOT_READY = "not_ready"
    """It answers no requests, and nothing is being deployed: for example, it has no served entities yet."""
    MISSING = "missing"
    """It was deployed, or may have been, and is not in the workspace."""
    NOT_DEPLOYED = "not_deployed"
    """The stack files declare it, and no deployment has created it."""
    UNREADABLE = "unreadable"
    """The caller may not read it, or the workspace gave no answer."""

    @property
    def is_good(self) -> bool:
        """Whether nobody has to act on it; an update in progress is no failure."""
        return self in (State.READY, State.UPDATING, State.SCALED_TO_ZERO)


class Serves(StrEnum):
    """How much of an endpoint answers requests."""

    EVERYTHING = "everything"
    PART = "part"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a status was read from: a listing has no traffic and no states of entities."""

    ENDPOINT = "endpoint"
    LISTING = "listing"
    NONE = "none"


@dataclass(frozen=True)
class Deployment:
    """One served entity in the active config, or in the pending one."""

    model: str
    version: str
    state: str = ""
    """The API's, in lower case and without its prefix: creating, ready, recovering, failed or aborted."""
    message: str = ""

    def __str__(self) -> str:
        return model_label(self.model, self.version)


@dataclass(frozen=True)
class EntityStatus:
    """A served entity by name: what serves now, and what an update replaces it with."""

    name: str
    active: Deployment | None = None
    pending: Deployment | None = None
    traffic: int | None = None
    """Percentage of the live split; None where it was not read."""
    pending_traffic: int | None = None
    declared_traffic: int | None = None
    """Percentage in the stack files; None where they don't declare the entity."""
    size: Size | None = None
    """What is provisioned for what serves now; None where it was not read."""
    log: tuple[str, ...] = ()
    """The last lines of the build log of an entity that is being deployed or has failed."""


@dataclass(frozen=True)
class EndpointStatus:
    """An endpoint of a stack."""

    key: str
    name: str
    state: State
    serves: Serves = Serves.UNKNOWN
    reason: str = ""
    """Why it is in a state that somebody has to act on."""
    since: float | None = None
    """When the update in progress began, as a UNIX time."""
    entities: tuple[EntityStatus, ...] = ()
    config_version: int | None = None
    pending_config_version: int | None = None
    drift: tuple[str, ...] = ()
    """How it differs from the stack files, in phrases; without values that may be secret."""
    is_declared: bool = True
    id: str = ""
    creator: str = ""
    url: str = ""
    route_optimized: bool | None = None
    permission_level: str = ""
    """The caller's."""
    source: Source = Source.NONE
    traffic: Traffic | None = None
    """Its requests, errors and latencies; None where they were not read."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Values of other parts by name: see model_serving/operations/live/extras.py."""

    @property
    def is_good(self) -> bool:
        """Whether nobody has to act on its state."""
        declared_stop = self.state is State.STOPPED and not self.drift
        return self.state.is_good or declared_stop


@dataclass(frozen=True)
class StackStatus:
    """The endpoints of a stack that were asked for, at one time."""

    stack: str
    host: str
    time: float
    """UNIX time of the reads."""
    endpoints: tuple[EndpointStatus, ...]
    notes: tuple[str, ...] = ()
    """What was not read."""
    totals: Mapping[str, Any] = field(default_factory=dict)
    """Values of other parts for all endpoints together, by name."""

    @property
    def exit_status(self) -> int:
        """0 if all is as declared, 1 if something has failed or is missing, 2 if something differs."""
        if not all(each.is_good or each.state is State.NOT_DEPLOYED for each in self.endpoints):
            return 1
        return 2 if any(each.drift or each.state is State.NOT_DEPLOYED for each in self.endpoints) else 0

    @property
    def is_settled(self) -> bool:
        """Whether no update is in progress."""
        return all(each.state is not State.UPDATING for each in self.endpoints)
