"""The logs of an endpoint: those of its served entities, of the active config and of one that is being deployed.

Sources: REST reference, get build logs and get the latest logs of a served model, which take the name of a served
entity; product documentation, debug model serving endpoints: the build log is about the container image, the service
log what the model server prints. Not documented: that only custom models have a container image, and that whoever may
view an endpoint may read its logs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.build_logs import log_lines, plain_text
from model_serving.databricks.client import Workspace
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import CallError, DeniedError, WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.errors import UserError
from model_serving.operations.live.reads import concurrently
from model_serving.operations.live.targets import Target, Targets
from model_serving.spec.validation.suggestions import suggestion

KINDS: Final = ("build", "service")
_PATHS: Final = {"build": "build-logs", "service": "logs"}


@dataclass(frozen=True)
class LogName:
    """One of the two logs of a served entity."""

    entity: str
    kind: str

    def __str__(self) -> str:
        return f"{self.entity} {self.kind}"


@dataclass(frozen=True)
class Unread:
    """A log that the workspace does not give, and why."""

    reason: str


@dataclass(frozen=True)
class LogLine:
    """A line of a log, without control characters and credentials."""

    log: LogName
    text: str


def find_endpoint(targets: Targets, target: Target) -> Mapping[str, Any]:
    """The endpoint as the workspace has it. Raises UserError with what to do."""
    try:
        live = targets.workspace.find(endpoint_path(target.name))
    except WorkspaceError as error:
        raise read_error(targets, target, error) from error
    if live is None:
        hint = "Look at it with" if target.deployed else "Deploy it first:"
        command = f"model-serving status {target.key}" if target.deployed else "pulumi up"
        raise UserError(f'Endpoint "{target.name}" is not in the workspace. {hint} {command} --stack {targets.stack}')
    return live


def read_error(targets: Targets, target: Target, error: WorkspaceError) -> UserError:
    """What to do about a read that failed."""
    if isinstance(error, DeniedError):
        hint = f"Whoever may manage it can give you CAN_VIEW under endpoints.{target.key}.permissions"
        return UserError(f'You may not view endpoint "{target.name}": {plain_text(error)}. {hint}')
    return UserError(connection_problem(error, targets.settings) or plain_text(error))


def entities_of(live: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The served entities by name: those of the active config, and those that are being deployed or did not deploy."""
    configs = [live.get("config") or {}, live.get("pending_config") or {}]
    return {str(entity["name"]): entity for config in configs for entity in config.get("served_entities") or []}


def log_names(
    targets: Targets, target: Target, live: Mapping[str, Any], entity: str | None, kinds: Sequence[str]
) -> list[LogName]:
    """The logs of one entity, or of all. Raises UserError with the closest entity."""
    served = entities_of(live)
    if entity is not None and entity not in served:
        declared = target.declared.served_entities if target.declared else {}
        if entity in declared:
            hint = f"It is declared, but not deployed yet: pulumi up --stack {targets.stack}"
        else:
            hint = suggestion(entity, served, "Its served entities")
        raise UserError(f'Endpoint "{target.key}" serves no entity "{entity}". {hint}')
    return [LogName(name, kind) for name in ([entity] if entity else served) for kind in kinds]


def read_log(workspace: Workspace, endpoint: str, log: LogName) -> str:
    """The text of a log, empty if there is none. Raises WorkspaceError."""
    path = f"{endpoint_path(endpoint)}/served-models/{quote(log.entity, safe='')}/{_PATHS[log.kind]}"
    return str((workspace.find(path) or {}).get("logs") or "")


def read_logs(workspace: Workspace, endpoint: str, logs: Sequence[LogName]) -> dict[LogName, str | Unread]:
    """The texts of logs, read together, or why the workspace does not give one. Raises WorkspaceError."""

    def read(log: LogName) -> str | Unread:
        try:
            return read_log(workspace, endpoint, log)
        except DeniedError:
            raise
        except CallError as error:
            return Unread(f'The {log.kind} log of "{log.entity}" can\'t be read: {plain_text(error)}')

    return dict(zip(logs, concurrently(read, logs), strict=True))


def first_logs(targets: Targets, target: Target, logs: Sequence[LogName]) -> dict[LogName, str | Unread]:
    """The texts by log. Raises UserError with what to do."""
    try:
        return read_logs(targets.workspace, target.name, logs)
    except WorkspaceError as error:
        raise read_error(targets, target, error) from error


def lines_of(log: LogName, text: str) -> list[LogLine]:
    """The lines of a text, as a terminal may show them."""
    return [LogLine(log, line) for line in log_lines(text, width=None)]


def why_empty(log: LogName, live: Mapping[str, Any]) -> str:
    """Why a log has no lines."""
    entity = entities_of(live).get(log.entity) or {}
    if entity.get("external_model") or entity.get("foundation_model"):
        return f'"{log.entity}" has no {log.kind} log: only custom models and feature specs have logs'
    if log.kind == "build" and not entity.get("entity_version"):
        return f'"{log.entity}" has no build log: it is a feature spec'
    return f'"{log.entity}" has no lines in its {log.kind} log yet'
