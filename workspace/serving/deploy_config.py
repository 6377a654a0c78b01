"""Deploy a requested config: what is checked, what is stored, and when the deployment ends."""

from typing import Final

from model_serving.workspace.catalog.grants import require_execute
from model_serving.workspace.dataplane.scoring import task_of
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import InvalidParameter
from model_serving.workspace.identity.principals import Principal
from model_serving.workspace.serving.deployments import begin, failures
from model_serving.workspace.serving.entities import kind_of, requested_entities, stored_entity
from model_serving.workspace.serving.quotas import count_change, reserve_concurrency
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json

CHAT: Final = "llm/v1/chat"


def deploy(call: Call, endpoint: Json, requested: Json, creator: Principal) -> Json:
    """The endpoint with the requested config pending. Checks the creator's privileges and the workspace's quotas."""
    entities = requested_entities(requested)
    for entity in entities:
        _check_entity_access(call, entity, creator)
    now = milliseconds(call.clock.now())
    stored = [stored_entity(entity, creator.name, now) for entity in entities]
    routes = (requested.get("traffic_config") or {}).get("routes")
    config: Json = {
        "served_entities": stored,
        "traffic_config": {"routes": routes or [{"served_entity_name": stored[0]["name"], "traffic_percentage": 100}]},
    }
    if capture := _auto_capture(endpoint, requested):
        config["auto_capture_config"] = capture
    reserve_concurrency(call.store, call.settings.limits, endpoint["name"], config)
    return begin_deployment(call, endpoint | {"task": _task(call, stored)}, config)


def begin_deployment(call: Call, endpoint: Json, config: Json) -> Json:
    """The endpoint with a stored config pending."""
    count_change(call.store, call.settings.limits, call.clock.now())
    will_fail = failures(call.store, config["served_entities"])
    return begin(endpoint, config, will_fail, call.clock.now(), call.settings.ready_after)


def _check_entity_access(call: Call, entity: Json, creator: Principal) -> None:
    """Checks the creator's privileges on a Unity Catalog entity, and that one without a version is a feature spec."""
    kind, name = kind_of(entity), str(entity.get("entity_name"))
    if kind == "FEATURE_SPEC" and call.store.get("feature_spec", name) is None:
        raise InvalidParameter(f"entity_version is required: '{name}' is not a feature spec.")
    if kind in ("CUSTOM_MODEL", "FEATURE_SPEC") and name.count(".") == 2:  # noqa: PLR2004 - catalog.schema.name
        require_execute(call.store, creator, name)


def _auto_capture(endpoint: Json, config: Json) -> Json | None:
    """The inference table of a config. By default it is enabled and has the endpoint's name as its prefix."""
    requested = config.get("auto_capture_config")
    if not requested:
        return (endpoint["config"] or {}).get("auto_capture_config")
    defaults = {"enabled": True, "table_name_prefix": endpoint["name"]}
    capture = defaults | {member: value for member, value in requested.items() if value is not None}
    table = {"name": f"{capture['table_name_prefix']}_payload", "status": "READY", "status_message": ""}
    return capture | {"state": {"payload_table": table}}


def _task(call: Call, entities: list[Json]) -> str | None:
    """The task of an endpoint: that of its first entity, which a custom model has only if it speaks chat."""
    first = entities[0]
    if external := first.get("external_model"):
        return str(external["task"])
    return CHAT if kind_of(first) == "FOUNDATION_MODEL" else task_of(call.store, first)
