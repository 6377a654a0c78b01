"""Served entities: their kinds, the defaults of the service, and the members that it never returns.

Sources: REST reference, create and update config; captures of the service for entity names. `burst_scaling_enabled` and
every `*_plaintext` are accepted and never returned: Databricks CLI, bundle/direct/dresources/resources.yml, reason
input_only.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

from model_serving.workspace.store.database import Json

EntityKind: TypeAlias = Literal["CUSTOM_MODEL", "FEATURE_SPEC", "FOUNDATION_MODEL", "EXTERNAL_MODEL"]

THROUGHPUT: Final = ("min_provisioned_throughput", "max_provisioned_throughput", "provisioned_model_units")
STORED: Final = (
    "external_model",
    "entity_name",
    "entity_version",
    "workload_size",
    "workload_type",
    "scale_to_zero_enabled",
    "environment_vars",
    "instance_profile_arn",
    "min_provisioned_concurrency",
    "max_provisioned_concurrency",
    *THROUGHPUT,
)
SUMMARIZED: Final = ("name", "entity_name", "entity_version", "external_model", "foundation_model")


def kind_of(entity: Json) -> EntityKind:
    """The kind of an entity. Foundation models are in `system.ai`; an entity without a version is a feature spec."""
    if entity.get("external_model"):
        return "EXTERNAL_MODEL"
    if str(entity.get("entity_name", "")).startswith("system.ai.") or any(entity.get(field) for field in THROUGHPUT):
        return "FOUNDATION_MODEL"
    return "CUSTOM_MODEL" if entity.get("entity_version") else "FEATURE_SPEC"


def requested_entities(config: Json) -> list[Json]:
    """The entities of a request; the deprecated `served_models` get the member names of `served_entities`."""
    if config.get("served_entities"):
        return list(config["served_entities"])
    renamed = {"model_name": "entity_name", "model_version": "entity_version"}
    return [
        {renamed.get(member, member): value for member, value in model.items()}
        for model in config.get("served_models") or []
    ]


def default_name(entity: Json) -> str:
    """`<last part of the entity's name>-<version>`, or the external model's name with `-` for `.` and `:`."""
    if external := entity.get("external_model"):
        return str(external.get("name", "")).replace(".", "-").replace(":", "-")
    last = str(entity.get("entity_name", "")).rpartition(".")[2]
    return f"{last}-{entity['entity_version']}" if entity.get("entity_version") else last


def stored_entity(entity: Json, creator: str, created: int) -> Json:
    """An entity in its stored form: with defaults, and without the members that are never returned."""
    stored = {member: _without_plaintext(entity[member]) for member in STORED if entity.get(member) is not None}
    stored |= {"name": entity.get("name") or default_name(entity), "creator": creator, "creation_timestamp": created}
    kind = kind_of(entity)
    if kind == "FOUNDATION_MODEL":
        last = stored["entity_name"].rpartition(".")[2]
        stored["foundation_model"] = {
            "name": stored["entity_name"],
            "display_name": last,
            "docs": "",
            "description": "",
        }
    if kind in ("CUSTOM_MODEL", "FEATURE_SPEC"):
        stored.setdefault("workload_type", "CPU")
        stored.setdefault("scale_to_zero_enabled", False)
        if "max_provisioned_concurrency" not in stored:
            stored.setdefault("workload_size", "Small")
    return stored


def as_served_model(entity: Json) -> Json:
    """The entity in the deprecated form, which every config also has."""
    renamed = {"entity_name": "model_name", "entity_version": "model_version"}
    return {renamed.get(member, member): value for member, value in entity.items()}


def summary(entities: Iterable[Json], members: tuple[str, ...] = SUMMARIZED) -> list[Json]:
    return [{member: entity[member] for member in members if member in entity} for entity in entities]


def _without_plaintext(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            member: _without_plaintext(inner) for member, inner in value.items() if not member.endswith("_plaintext")
        }
    return value
