"""The workspace model registry: reads of models and versions that are not in Unity Catalog.

A version is a string here, and a number in Unity Catalog. Source: REST reference, model registry.
"""

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.identity.endpoint_permissions import LEVELS
from model_serving.workspace.store.database import Json


def get_model(call: Call) -> Json:
    model = _model(call)
    return {"registered_model": model | {"latest_versions": _versions(call, model["name"])[-1:]}}


def get_model_with_level(call: Call) -> Json:
    """The Databricks variant, with the id and the caller's permission level."""
    model = _model(call)
    level = LEVELS[-1] if call.caller.is_admin else "CAN_READ"
    extra = {"permission_level": level, "latest_versions": _versions(call, model["name"])[-1:]}
    return {"registered_model_databricks": model | extra}


def get_version(call: Call) -> Json:
    name, number = _model(call)["name"], call.query.get("version")
    version = call.store.get("registry_version", f"{name}/{number}")
    if version is None:
        raise DoesNotExist(f"Model Version (name={name}, version={number}) not found")
    return {"model_version": _public(version)}


def new_model(name: str, model_id: str, now: int) -> Json:
    return {"id": model_id, "name": name, "creation_timestamp": now, "last_updated_timestamp": now}


def new_version(model: Json, number: int, status: str, fails: str | None) -> Json:
    return {
        "name": model["name"],
        "version": str(number),
        "creation_timestamp": model["creation_timestamp"],
        "last_updated_timestamp": model["creation_timestamp"],
        "current_stage": "None",
        "status": status,
        "fails": fails,
    }


def _model(call: Call) -> Json:
    name = call.query.get("name")
    model = call.store.get("registry_model", str(name))
    if model is None:
        raise DoesNotExist(f"Registered Model with name={name} not found")
    return model


def _versions(call: Call, name: str) -> list[Json]:
    return [_public(version) for version in call.store.all("registry_version") if version["name"] == name]


def _public(version: Json) -> Json:
    return {member: value for member, value in version.items() if member != "fails"}
