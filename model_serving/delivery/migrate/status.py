"""Where a migration stands, and who still calls the predecessor."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from model_serving.databricks.resource_types import SERVICE_PRINCIPAL
from model_serving.databricks.serving_endpoints import is_stopped, is_updating
from model_serving.databricks.usage.read import requests_since
from model_serving.databricks.usage.usage import Usage
from model_serving.delivery.migrate.phases import migrate_command
from model_serving.delivery.migrate.project import Project

_READY: Final = "READY"
_STOPPED: Final = "stopped"


class Stage(StrEnum):
    """How far a migration is."""

    NONE = "not being migrated"
    DECLARED = "the successor is declared and not deployed"
    CREATING = "the successor is not ready"
    BOTH = "both are deployed: callers can move"
    RETIRED = "the predecessor is retired in the stack file and still deployed"


@dataclass(frozen=True)
class Side:
    """One of the two endpoints. `state` is READY, NOT_READY, stopped, or why it has none."""

    name: str
    id: str = ""
    url: str = ""
    state: str = ""
    usage: Usage | None = None
    """Its requests, where they were asked for."""


@dataclass(frozen=True)
class MigrationStatus:
    """Where the migration of an endpoint stands."""

    stack: str
    key: str
    stage: Stage
    successor: Side
    predecessor: Side | None
    next: tuple[str, ...]
    """The commands that come next."""
    principals: Mapping[str, str]
    """The stack's service principals by application id, which is how requests name them."""


def migration_status(
    project: Project,
    since_seconds: float,
    warehouse: str,
    waiting: Callable[[str, float], None] = lambda _state, _seconds: None,
) -> MigrationStatus:
    """The stage, both endpoints, and the requests of each in that time. Raises UserError.

    `waiting` is called while the SQL warehouse starts.
    """
    since = datetime.now(UTC) - timedelta(seconds=since_seconds)

    def side(name: str) -> Side:
        address = project.deployed.get(name)
        if address is None:
            return Side(name, state="not deployed")
        live = project.live(name)
        if live is None:
            return Side(name, address.id, address.url, "not in the workspace")
        usage = requests_since(project.workspace, live, since, warehouse, waiting=waiting)
        return Side(name, address.id, address.url, _state(live), usage)

    old = project.predecessor_name or next((name for name in project.deployed if name != project.name), "")
    successor, predecessor = side(project.name), side(old) if old else None
    stage = _stage(project, successor, predecessor)
    return MigrationStatus(
        project.stack,
        project.key,
        stage,
        successor,
        predecessor,
        _next(project, stage),
        _principals(project),
    )


def _state(live: Mapping[str, Any]) -> str:
    if is_stopped(live):
        return _STOPPED
    ready = str((live.get("state") or {}).get("ready") or "NOT_READY")
    return f"{ready}, being updated" if is_updating(live) else ready


def _stage(project: Project, successor: Side, predecessor: Side | None) -> Stage:
    if predecessor is None:
        return Stage.NONE
    if project.predecessor is None:
        return Stage.RETIRED if successor.id else Stage.NONE
    if not successor.id:
        return Stage.DECLARED
    is_up = successor.state.startswith(_READY) or (project.endpoint.stopped and successor.state == _STOPPED)
    return Stage.BOTH if is_up else Stage.CREATING


def _next(project: Project, stage: Stage) -> tuple[str, ...]:
    back, up = migrate_command(project, "--back"), f"pulumi up --stack {project.stack}"
    return {
        Stage.NONE: (),
        Stage.DECLARED: (up, back),
        Stage.CREATING: (f"model-serving status {shlex.quote(project.key)} --stack {project.stack}", back),
        Stage.BOTH: (migrate_command(project, "--retire"), back),
        Stage.RETIRED: (up,),
    }[stage]


def _principals(project: Project) -> dict[str, str]:
    declared = project.spec.service_principals.items()
    found = {str(each.application_id): key for key, each in declared if isinstance(each.application_id, str)}
    for each in project.resources:
        application = (each.get("outputs") or {}).get("applicationId")
        if each.get("type") == SERVICE_PRINCIPAL and isinstance(application, str):
            found[application] = str(each["urn"]).rpartition("::")[2]
    return found
