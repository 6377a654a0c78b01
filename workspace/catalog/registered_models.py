"""Registered models of Unity Catalog, with their versions and aliases.

Sources: REST reference, registered models; databricks-sdk-py `service/catalog.py`.
"""

from typing import Final

from model_serving.workspace.catalog import requests
from model_serving.workspace.catalog.grants import holds
from model_serving.workspace.catalog.namespaces import require_securable
from model_serving.workspace.http.call import Call, required
from model_serving.workspace.http.errors import (
    AlreadyExists,
    DoesNotExist,
    InvalidParameter,
    InvalidState,
    PermissionDenied,
)
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.store.clock import milliseconds
from model_serving.workspace.store.database import Json, Store

METASTORE: Final = "5d1f6f5e-3c1b-4f0c-8a9e-7b0c5d1f6f5e"


@accepts(requests.CreateModel)
def create_model(call: Call) -> Json:
    catalog, schema, name = required(call.body, "catalog_name", "schema_name", "name")
    if call.store.get("schema", f"{catalog}.{schema}") is None:
        raise DoesNotExist(f"Schema '{catalog}.{schema}' does not exist.")
    full_name = f"{catalog}.{schema}.{name}"
    if call.store.get("model", full_name):
        raise AlreadyExists(f"Function '{full_name}' already exists")
    for privilege, on in (("USE_CATALOG", catalog), ("USE_SCHEMA", f"{catalog}.{schema}")):
        if not holds(call, privilege, on):
            raise PermissionDenied(f"User does not have {privilege.replace('_', ' ')} on '{on}'.")
    if not any(holds(call, privilege, f"{catalog}.{schema}") for privilege in ("CREATE_MODEL", "CREATE_FUNCTION")):
        raise PermissionDenied(f"User does not have CREATE MODEL on Schema '{catalog}.{schema}'.")
    model = new_model(call.store, full_name, call.caller.name, call.clock.now())
    return _save(call.store, model | _settable(call.body))


def get_model(call: Call) -> Json:
    return _visible_model(call)


def list_models(call: Call) -> Json:
    parents = {member: call.query[member] for member in ("catalog_name", "schema_name") if call.query.get(member)}
    models = [model for model in call.store.all("model") if parents.items() <= model.items()]
    return {"registered_models": [model for model in models if _may_see(call, model["full_name"])]}


@accepts(requests.UpdateModel)
def update_model(call: Call) -> Json:
    model = _owned_model(call)
    now = milliseconds(call.clock.now())
    changed = model | _settable(call.body) | {"updated_at": now, "updated_by": call.caller.name}
    new_name = call.body.get("new_name")
    if new_name and new_name != model["name"]:
        raise InvalidParameter("Renaming a registered model is not supported by the embedded workspace")
    return _save(call.store, changed)


def delete_model(call: Call) -> Json:
    """Rejects a model that still has versions, as users report; the REST reference documents a cascade instead."""
    model = _owned_model(call)
    if versions := versions_of(call.store, model["full_name"]):
        raise InvalidState(
            f"Function '{model['full_name']}' is not empty. The function has {len(versions)} model versions(s)"
        )
    call.store.delete("model", model["full_name"])
    call.store.delete("grant", f"function/{model['full_name']}")
    return {}


def list_versions(call: Call) -> Json:
    model = _visible_model(call)
    return {"model_versions": [_public(version) for version in versions_of(call.store, model["full_name"])]}


def get_version(call: Call) -> Json:
    return _public(_version(call.store, _visible_model(call), call.path["version"]))


def delete_version(call: Call) -> Json:
    """Deletes a version and its aliases. Source: REST reference, delete a model version."""
    model = _owned_model(call)
    number = _version(call.store, model, call.path["version"])["version"]
    call.store.delete("model_version", f"{model['full_name']}/{number}")
    aliases = [alias for alias in model["aliases"] if alias["version_num"] != number]
    _save(call.store, model | {"aliases": aliases})
    return {}


def get_alias(call: Call) -> Json:
    """Returns the version of an alias."""
    model = _visible_model(call)
    for alias in model["aliases"]:
        if alias["alias_name"].lower() == call.path["alias"].lower():
            return _public(_version(call.store, model, str(alias["version_num"])))
    raise DoesNotExist(f"Alias '{call.path['alias']}' does not exist for registered model '{model['full_name']}'.")


@accepts(requests.SetAlias)
def set_alias(call: Call) -> Json:
    model, name, number = _owned_model(call), call.path["alias"], call.body.get("version_num")
    _version(call.store, model, str(number))
    others = [alias for alias in model["aliases"] if alias["alias_name"].lower() != name.lower()]
    _save(call.store, model | {"aliases": [*others, {"alias_name": name, "version_num": number}]})
    place = {"catalog_name": model["catalog_name"], "schema_name": model["schema_name"], "model_name": model["name"]}
    return place | {"alias_name": name, "id": model["id"], "version_num": number}


def delete_alias(call: Call) -> Json:
    model, name = _owned_model(call), call.path["alias"].lower()
    others = [alias for alias in model["aliases"] if alias["alias_name"].lower() != name]
    if len(others) == len(model["aliases"]):
        raise DoesNotExist(f"Alias '{name}' does not exist for registered model '{model['full_name']}'.")
    _save(call.store, model | {"aliases": others})
    return {}


def new_model(store: Store, full_name: str, owner: str, now: float) -> Json:
    catalog, schema, name = full_name.split(".")
    number = store.count("model", 1)
    return {
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": full_name,
        "id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "owner": owner,
        "metastore_id": METASTORE,
        "storage_location": f"s3://workspace/{METASTORE}/models/{number}",
        "aliases": [],
    } | _audit_members(owner, now)


def new_version(model: Json, number: int, now: float, *, status: str = "READY", fails: str | None = None) -> Json:
    """A new model version; `fails` is the reason why its deployments fail, if they do."""
    return {
        "model_name": model["name"],
        "catalog_name": model["catalog_name"],
        "schema_name": model["schema_name"],
        "version": number,
        "status": status,
        "run_id": f"{number:032x}",
        "source": f"{model['storage_location']}/versions/{number}",
        "metastore_id": METASTORE,
        "fails": fails,
    } | _audit_members(model["owner"], now)


def versions_of(store: Store, full_name: str) -> list[Json]:
    """The versions of a model, newest first, as the service lists them."""
    catalog, schema, name = full_name.split(".")
    place = {"catalog_name": catalog, "schema_name": schema, "model_name": name}
    versions = [version for version in store.all("model_version") if place.items() <= version.items()]
    return sorted(versions, key=lambda version: -int(version["version"]))


def _audit_members(owner: str, now: float) -> Json:
    at = milliseconds(now)
    return {"created_at": at, "created_by": owner, "updated_at": at, "updated_by": owner}


def _settable(body: Json) -> Json:
    return {member: body[member] for member in ("comment", "owner") if body.get(member)}


def _save(store: Store, model: Json) -> Json:
    return store.put("model", model["full_name"], model)


def _may_see(call: Call, full_name: str) -> bool:
    return any(holds(call, privilege, full_name) for privilege in ("EXECUTE", "BROWSE", "MANAGE"))


def _visible_model(call: Call) -> Json:
    model = require_securable(call, "model", "Registered model")
    if not _may_see(call, model["full_name"]):
        raise PermissionDenied(f"User does not have EXECUTE on Routine or Model '{model['full_name']}'.")
    return model


def _owned_model(call: Call) -> Json:
    model = require_securable(call, "model", "Registered model")
    if not holds(call, "MANAGE", model["full_name"]):
        raise PermissionDenied(f"User does not have MANAGE on Routine or Model '{model['full_name']}'.")
    return model


def _version(store: Store, model: Json, number: str) -> Json:
    version = store.get("model_version", f"{model['full_name']}/{number}")
    if version is None:
        raise DoesNotExist(f"Model version '{number}' of registered model '{model['full_name']}' does not exist.")
    return version


def _public(version: Json) -> Json:
    return {member: value for member, value in version.items() if member != "fails"}
