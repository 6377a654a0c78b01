"""The system tables of serving: requests that were tracked, and the entities that answered them.

An entity's id is the same in both tables; no REST API returns it. The embedded workspace has no accounts, so columns
about them are missing, and its tables are never behind. Source: product documentation, AI gateway usage tracking, the
schemas of system.serving.endpoint_usage and system.serving.served_entities.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from model_serving.workspace.serving.deployments import settled
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.database import Json, Store

USAGE: Final = "system.serving.endpoint_usage"
ENTITIES: Final = "system.serving.served_entities"
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    USAGE: (
        "databricks_request_id",
        "client_request_id",
        "requester",
        "served_entity_id",
        "status_code",
        "request_time",
        "input_token_count",
        "output_token_count",
        "usage_context",
        "request_streaming",
    ),
    ENTITIES: (
        "served_entity_id",
        "endpoint_id",
        "endpoint_name",
        "created_by",
        "served_entity_name",
        "entity_type",
        "entity_name",
        "entity_version",
        "endpoint_config_version",
        "change_time",
    ),
}
"""The columns of each table, which it has without rows, too."""

_KIND: Final = "served_entity"


def served_entity_id(endpoint: Json, name: str) -> str:
    """The id of an endpoint's entity of that name."""
    return uuid.uuid5(uuid.UUID(endpoint["id"]), name).hex


def remember_entity(store: Store, endpoint: Json, entity: Json) -> None:
    """Keeps the row of an entity that answered: its requests outlive it, and its endpoint."""
    identity = served_entity_id(endpoint, entity["name"])
    if store.get(_KIND, identity) is None:
        store.put(_KIND, identity, _row(endpoint, entity))


def rows_of_entities(store: Store, now: float) -> list[Json]:
    """The entities of today's endpoints, and those that answered tracked requests before."""
    endpoints = [settled(endpoint, now) for endpoint in store.all("endpoint")]
    live = [_row(each, entity) for each in endpoints for entity in (each["config"] or {}).get("served_entities", [])]
    known = {row["served_entity_id"] for row in live}
    return [*live, *(row for row in store.all(_KIND) if row["served_entity_id"] not in known)]


def _row(endpoint: Json, entity: Json) -> Json:
    return {
        "served_entity_id": served_entity_id(endpoint, entity["name"]),
        "endpoint_id": endpoint["id"],
        "endpoint_name": endpoint["name"],
        "created_by": endpoint["creator"],
        "served_entity_name": entity["name"],
        "entity_type": kind_of(entity),
        "entity_name": entity.get("entity_name"),
        "entity_version": entity.get("entity_version"),
        "endpoint_config_version": endpoint["config"].get("config_version"),
        "change_time": endpoint["last_updated_timestamp"],
    }
