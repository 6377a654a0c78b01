"""The migration of an endpoint that a plan begins, goes on with or ends: a successor beside its predecessor.

No phase replaces an endpoint. Only a retirement and an abandoned migration delete one, on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from model_serving.databricks.resource_types import IS_PREDECESSOR, MODEL_SERVING
from model_serving.review.assess.families import ENDPOINT, PREDECESSOR, SUCCESSOR
from model_serving.review.assess.grouping import Group
from model_serving.review.plan.redact import Mark


class Phase(StrEnum):
    """What a plan does to a migration. `noun` and `done` are its words in headlines and counts."""

    BEGINS = "begins", "successor", "created"
    """A successor is created beside its predecessor."""
    RUNS = "runs", "", ""
    """Both exist before and after."""
    TURNS_BACK = "turns-back", "migration", "turned back"
    """Both exist, and swap their roles."""
    ENDS = "ends", "predecessor", "retired"
    ABANDONED = "abandoned", "successor", "removed"
    """The successor is removed, and its predecessor is the endpoint again."""

    noun: str
    done: str

    def __new__(cls, value: str, noun: str, done: str) -> Self:
        """A string with its words as attributes."""
        phase = str.__new__(cls, value)
        phase._value_ = value
        phase.noun, phase.done = noun, done
        return phase

    @property
    def deletes(self) -> bool:
        """Whether one of the two endpoints is deleted."""
        return self in (Phase.ENDS, Phase.ABANDONED)


@dataclass(frozen=True)
class Migration:
    """A phase of a migration, and the two endpoints by their names in the workspace."""

    phase: Phase
    endpoint: str
    """What is the endpoint of the key when the plan is deployed."""
    counterpart: str
    """Its predecessor; where one of the two is deleted, that one."""
    endpoint_url: str = ""
    counterpart_url: str = ""
    """URLs for requests: own ones in full, others as the workspace's path."""

    @property
    def phase_alone(self) -> Self:
        """The same without names and URLs: what two migrations may have in common."""
        return replace(self, endpoint="", counterpart="", endpoint_url="", counterpart_url="")


@dataclass(frozen=True)
class Pair:
    """The groups of the two endpoints of a migration."""

    endpoint: Group
    counterpart: Group

    @property
    def migration(self) -> Migration:
        endpoint, counterpart = self.endpoint, self.counterpart
        return Migration(self._phase, endpoint.name, counterpart.name, _url(endpoint), _url(counterpart))

    @property
    def _phase(self) -> Phase:
        if self.counterpart.kind == SUCCESSOR:
            return Phase.ABANDONED
        if is_deleted(self.counterpart):
            return Phase.ENDS
        main = self.endpoint.main(MODEL_SERVING)
        if main and main.op == "create":
            return Phase.BEGINS
        roles = [
            (each.old.get(IS_PREDECESSOR) is True, each.new.get(IS_PREDECESSOR) is True)
            for each in self.endpoint.components
        ]
        return Phase.TURNS_BACK if (True, False) in roles else Phase.RUNS


def inputs_of(group: Group) -> Mapping[str, Any]:
    """The inputs of the endpoint of a group: those that it gets, or those of one that is deleted."""
    main = group.main(MODEL_SERVING)
    return (main.new or main.old) if main else {}


def _url(group: Group) -> str:
    """The URL in the outputs; of a new endpoint, what follows from its name unless it is route optimized."""
    outputs = [each.outputs for each in group.components]
    if known := next((url for each in outputs if isinstance(url := each.get("url"), str)), ""):
        return known
    optimized = inputs_of(group).get("routeOptimized") is True
    return Mark.UNKNOWN.value if optimized else f"/serving-endpoints/{group.name}/invocations"


def is_deleted(group: Group) -> bool:
    """Whether the plan deletes the endpoint, also where it ends before the endpoint's own step."""
    main = group.main(MODEL_SERVING)
    if main is None:
        return bool(group.steps) and not group.components and all(each.op == "delete" for each in group.steps)
    return main.op == "delete"


def pair_of(group: Group) -> Pair | None:
    """The two endpoints of the migration that a group belongs to; None without one, or if both are deleted."""
    by_kind = {each.kind: each for each in group.family}
    endpoint, counterpart = by_kind.get(ENDPOINT), by_kind.get(SUCCESSOR) or by_kind.get(PREDECESSOR)
    if endpoint is None or counterpart is None or is_deleted(endpoint):
        return None
    return Pair(endpoint, counterpart)


def is_about(group: Group, migration: Migration) -> bool:
    """Whether the phase is reported with this one of the two: the new, the deleted, or the one that takes over."""
    if migration.phase is Phase.RUNS:
        return False
    return (group.kind == ENDPOINT) is not migration.phase.deletes
