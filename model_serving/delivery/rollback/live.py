"""The endpoint as the workspace serves it, before and after a rollback."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import (
    endpoint_path,
    is_stopped,
    is_updating,
    traffic_shares,
)
from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollout.live_split import settled_endpoint
from model_serving.errors import UserError
from model_serving.operations.live.reads import read_aliases
from model_serving.spec import Endpoint


@dataclass(frozen=True)
class LiveEndpoint:
    """What serves. `traffic` has only the entities that receive any."""

    traffic: Mapping[str, int]
    versions: Mapping[str, tuple[str, str]]
    """Model and version by served entity."""
    is_updating: bool
    is_stopped: bool = False

    def version(self, entity: str) -> str:
        """The version that an entity serves; empty for a feature spec, and without the entity."""
        return self.versions.get(entity, ("", ""))[1]

    def is_as(self, deployed: DeployedEndpoint) -> bool:
        """Whether the state says the same."""
        shares = {name: share for name, share in deployed.traffic.items() if share}
        return dict(self.traffic) == shares and dict(self.versions) == dict(deployed.versions)


def live_endpoint(workspace: Workspace, name: str) -> LiveEndpoint:
    """The endpoint of that name in the workspace. Raises UserError."""
    return _live(name, lambda: workspace.find(endpoint_path(name)))


def settled_live_endpoint(workspace: Workspace, name: str, notify: Callable[[str], None]) -> LiveEndpoint:
    """The endpoint once no update is in progress: the workspace refuses another one until then (409).

    Raises UserError, also after the time that an update may take.
    """
    return _live(name, lambda: settled_endpoint(workspace, name, notify))


def _live(name: str, read: Callable[[], Mapping[str, Any] | None]) -> LiveEndpoint:
    try:
        found = read()
    except WorkspaceError as error:
        raise UserError(f'Endpoint "{name}" can\'t be read: {error}') from None
    if not found:
        raise UserError(f'The workspace has no endpoint "{name}": `pulumi up --refresh` creates it again')
    config: Mapping[str, Any] = found.get("config") or {}
    versions = {
        str(each.get("name")): (str(each.get("entity_name") or ""), str(each.get("entity_version") or ""))
        for each in config.get("served_entities") or []
    }
    return LiveEndpoint(traffic_shares(config.get("traffic_config")), versions, is_updating(found), is_stopped(found))


def moved_aliases(workspace: Workspace, declared: Endpoint | None, deployed: DeployedEndpoint) -> tuple[str, ...]:
    """The deployed entities that are declared by an alias which is another version's now, or can't be read."""
    entities = declared.served_entities if declared else {}
    by_alias = {
        name: f"{entity.model_name}@{entity.alias}"
        for name, entity in entities.items()
        if entity.alias and name in deployed.entities
    }
    versions = read_aliases(workspace, list(by_alias.values()))
    return tuple(name for name, alias in by_alias.items() if versions.get(alias, "") != deployed.entities[name].version)
