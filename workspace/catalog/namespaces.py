"""The namespaces of Unity Catalog: catalogs, schemas, and feature specs, which are functions in a schema.

Sources: REST reference, catalogs, schemas and functions; databricks-sdk-py `service/catalog.py`.
"""

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist
from model_serving.workspace.store.database import Json


def get_catalog(call: Call) -> Json:
    return require_securable(call, "catalog", "Catalog")


def list_catalogs(call: Call) -> Json:
    return {"catalogs": call.store.all("catalog")}


def get_schema(call: Call) -> Json:
    return require_securable(call, "schema", "Schema")


def list_schemas(call: Call) -> Json:
    parent = call.query.get("catalog_name")
    return {"schemas": [schema for schema in call.store.all("schema") if schema["catalog_name"] == parent]}


def get_function(call: Call) -> Json:
    return require_securable(call, "feature_spec", "Function")


def require_securable(call: Call, kind: str, label: str) -> Json:
    """The record of the securable in the path. Raises DoesNotExist."""
    record = call.store.get(kind, call.path["full_name"])
    if record is None:
        raise DoesNotExist(f"{label} '{call.path['full_name']}' does not exist.")
    return record
