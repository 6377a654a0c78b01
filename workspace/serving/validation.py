"""Validation of a serving endpoint before its deployment starts, with the service's messages where they are known.

Sources: REST reference, create and update config; product documentation on creating endpoints and on route
optimization; captured error texts. Other messages are ours.
"""

import re
from collections import Counter
from typing import Final, cast

from model_serving.workspace.http.errors import InvalidParameter
from model_serving.workspace.serving.entities import default_name, kind_of, requested_entities
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.database import Json

NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
ENTITY_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,63}")
RESERVED_PREFIX: Final = "databricks-"
CONCURRENCY_STEP: Final = 4
MAX_DESCRIPTION_LENGTH: Final = 1000
TOTAL_TRAFFIC: Final = 100
WORKLOAD_SIZES: Final = ("Small", "Medium", "Large", "XLarge")
WORKLOAD_TYPES: Final = (
    "CPU",
    "CPU_MEDIUM",
    "CPU_LARGE",
    "GPU_SMALL",
    "GPU_MEDIUM",
    "GPU_LARGE",
    "GPU_XLARGE",
    "GPU_XLARGE_8",
    "MULTIGPU_MEDIUM",
)
CONCURRENCY: Final = ("min_provisioned_concurrency", "max_provisioned_concurrency")


def check_endpoint(body: Json, settings: Settings) -> None:
    """Checks a create request, except for the uniqueness of the name."""
    name = body.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidParameter(
            "Endpoint name must be maximum 63 characters, and alphanumeric with hyphens and underscores allowed in"
            " between."
        )
    if name.lower().startswith(RESERVED_PREFIX):
        raise InvalidParameter(f"Endpoint name must not start with the reserved prefix '{RESERVED_PREFIX}'.")
    if len(body.get("description") or "") > MAX_DESCRIPTION_LENGTH:
        raise InvalidParameter(f"Endpoint description must be maximum {MAX_DESCRIPTION_LENGTH} characters.")
    check_tags(body.get("tags") or [])
    config = body.get("config")
    if not config:
        for member in ("ai_gateway", "rate_limits"):
            if body.get(member):
                raise InvalidParameter(f"Cannot specify {member} when creating endpoints without a config.")
        return
    check_config(config, settings)
    if body.get("route_optimized"):
        _check_route_optimized(requested_entities(config))


def check_config(config: Json, settings: Settings) -> None:
    entities = requested_entities(config)
    if not entities:
        raise InvalidParameter("Endpoint config must contain at least one served entity.")
    if len(entities) > (most := settings.limits.entities):
        raise InvalidParameter(f"Endpoint config can contain at most {most} served entities.")
    for entity in entities:
        _check_entity(entity, settings)
    names = [entity.get("name") or default_name(entity) for entity in entities]
    if repeated := [name for name, times in Counter(names).items() if times > 1]:
        raise InvalidParameter(f"Served entity names must be unique within an endpoint: '{repeated[0]}' is repeated.")
    _check_external(entities)
    _check_kinds(entities)
    check_traffic(config.get("traffic_config"), names)


def check_replacement(old: Json, new: Json) -> None:
    """Checks that an update neither adds nor removes external models, nor moves an enabled inference table."""
    was_external = any(kind_of(entity) == "EXTERNAL_MODEL" for entity in old["served_entities"])
    is_external = any(kind_of(entity) == "EXTERNAL_MODEL" for entity in requested_entities(new))
    if was_external != is_external:
        raise InvalidParameter("external_model can neither be added to nor removed from an existing endpoint.")
    before, after = old.get("auto_capture_config") or {}, new.get("auto_capture_config") or {}
    for member in ("catalog_name", "schema_name", "table_name_prefix"):
        if before.get("enabled") and after.get(member, before.get(member)) != before.get(member):
            raise InvalidParameter(f"{member} of auto_capture_config cannot be changed once it is enabled.")


def check_optimized_update(config: Json) -> None:
    _check_route_optimized(requested_entities(config))


def check_tags(tags: list[Json]) -> None:
    for tag in tags:
        if not tag.get("key"):
            raise InvalidParameter("Tag key must not be empty.")


def check_traffic(traffic: Json | None, names: list[str]) -> None:
    """Checks that routes name each entity at most once and sum to 100; an entity without a route stays deployed."""
    routes = (traffic or {}).get("routes") or []
    if not routes:
        if len(names) > 1:
            raise InvalidParameter("traffic_config is required when an endpoint has more than one served entity.")
        return
    targets = [route_target(route) for route in routes]
    if unknown := [target for target in targets if target not in names]:
        raise InvalidParameter(f"Traffic route refers to served entity '{unknown[0]}', which is not in the config.")
    if len(set(targets)) < len(targets):
        raise InvalidParameter("Traffic routes must name each served entity at most once.")
    shares = [route.get("traffic_percentage") for route in routes]
    if not all(isinstance(share, int) and 0 <= share <= TOTAL_TRAFFIC for share in shares):
        raise InvalidParameter("traffic_percentage must be an integer between 0 and 100.")
    if (total := sum(cast("list[int]", shares))) != TOTAL_TRAFFIC:
        raise InvalidParameter(f"Traffic percentages must sum to 100, but sum to {total}.")


def route_target(route: Json) -> str:
    return str(route.get("served_entity_name") or route.get("served_model_name") or "")


def _check_entity(entity: Json, settings: Settings) -> None:
    if entity.get("name") and not ENTITY_NAME.fullmatch(str(entity["name"])):
        raise InvalidParameter(
            "Served entity name must be maximum 63 characters, and alphanumeric with hyphens and underscores."
        )
    if entity.get("external_model"):
        if entity.get("entity_name") or entity.get("entity_version"):
            raise InvalidParameter("Exactly one of external_model and entity_name must be specified.")
        return
    if not entity.get("entity_name"):
        raise InvalidParameter("Served entity must specify entity_name or external_model.")
    version = entity.get("entity_version")
    if version is not None and not isinstance(version, str):
        raise InvalidParameter("entity_version must be a string.")
    if (most := settings.limits.environment_vars) < len(entity.get("environment_vars") or {}):
        raise InvalidParameter(f"A served entity can have at most {most} environment variables.")
    if version and entity.get("scale_to_zero_enabled") is None and settings.switches["absent-scale-to-zero"] != "false":
        raise InvalidParameter("scaleToZeroEnabled is undefined. Please set it to either true or false.")
    if not isinstance(entity.get("scale_to_zero_enabled", False), bool):
        raise InvalidParameter("scale_to_zero_enabled must be a boolean.")
    _check_workload(entity)
    _check_concurrency(entity, settings)


def _check_workload(entity: Json) -> None:
    size, kind = entity.get("workload_size"), entity.get("workload_type")
    if size and size not in WORKLOAD_SIZES:
        raise InvalidParameter(f"Invalid workload_size '{size}'. Supported values: {', '.join(WORKLOAD_SIZES)}.")
    if kind and kind not in WORKLOAD_TYPES:
        raise InvalidParameter(f"Invalid workload_type '{kind}'. Supported values: {', '.join(WORKLOAD_TYPES)}.")
    least, most = (entity.get(member) for member in CONCURRENCY)
    if least is None and most is None:
        return
    if size:
        raise InvalidParameter("workload_size and provisioned concurrency cannot be specified together.")
    if not isinstance(least or 0, int) or not isinstance(most, int) or not 0 <= (least or 0) <= most:
        raise InvalidParameter("max_provisioned_concurrency must be at least min_provisioned_concurrency.")


def _check_concurrency(entity: Json, settings: Settings) -> None:
    """Checks the limit of an entity, and the steps if a switch says so."""
    for member in CONCURRENCY:
        number = entity.get(member) or 0
        if number > (most := settings.limits.entity_concurrency):
            raise InvalidParameter(f"{member} can be at most {most}.")
        if number % CONCURRENCY_STEP and settings.switches["concurrency-between-steps"] == "refused":
            raise InvalidParameter(f"{member} must be a multiple of {CONCURRENCY_STEP}.")


def _check_kinds(entities: list[Json]) -> None:
    """Source: product documentation, serve multiple models to an endpoint; feature serving runs on CPUs."""
    if len({kind_of(entity) for entity in entities}) > 1:
        raise InvalidParameter("Served entities of different types cannot be served together on one endpoint.")
    for entity in entities:
        if kind_of(entity) == "FEATURE_SPEC" and "GPU" in str(entity.get("workload_type") or ""):
            raise InvalidParameter("Feature specs can only be served on CPU workload types.")


def _check_external(entities: list[Json]) -> None:
    externals = [entity["external_model"] for entity in entities if entity.get("external_model")]
    if externals and len(externals) < len(entities):
        raise InvalidParameter("External models cannot be served together with other entities.")
    for external in externals:
        if not all(external.get(member) for member in ("name", "provider", "task")):
            raise InvalidParameter("external_model must specify name, provider and task.")
    if len({external["task"] for external in externals}) > 1:
        raise InvalidParameter("All external models of an endpoint must have the same task.")


def _check_route_optimized(entities: list[Json]) -> None:
    """Checks that all are custom models or feature specs. Source: product documentation, route optimization."""
    if any(kind_of(entity) in ("EXTERNAL_MODEL", "FOUNDATION_MODEL") for entity in entities):
        raise InvalidParameter("Route optimization is only supported for custom models and feature specs.")
