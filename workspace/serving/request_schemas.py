"""The query schema of an endpoint as OpenAPI: what each served entity takes and answers.

Source: product documentation, manage model serving endpoints, "Get the schema for a model serving endpoint": its
example has a path for each served entity, and the accepted formats of requests under `oneOf`. What the service shows
for agents and for models without a signature is not documented.
"""

from typing import Final

from model_serving.workspace.dataplane.chat_models import RESPONSES
from model_serving.workspace.dataplane.scoring import FileScorer, scorer_for, task_of
from model_serving.workspace.http.errors import BadRequest
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.store.database import Json, Store

TYPES: Final[dict[str, Json]] = {
    "double": {"type": "number", "format": "double"},
    "long": {"type": "integer", "format": "int64"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
}
MESSAGES: Final[Json] = {"type": "array", "items": {"type": "object"}}


def query_document(store: Store, endpoint: Json, url: str) -> Json:
    """The OpenAPI document of an endpoint with an active config."""
    return {
        "openapi": "3.1.0",
        "info": {"title": endpoint["name"], "version": str(endpoint["config"]["config_version"])},
        "servers": [{"url": url}],
        "paths": {
            f"/served-models/{entity['name']}/invocations": {"post": _operation(store, entity)}
            for entity in endpoint["config"]["served_entities"]
        },
    }


def _operation(store: Store, entity: Json) -> Json:
    schema = {"oneOf": [{"type": "object", "properties": each} for each in _formats(store, entity)]}
    return {
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "Successful operation"}},
    }


def _formats(store: Store, entity: Json) -> list[Json]:
    """The members of a request in each of its formats; none for a model whose inputs are not known."""
    if task := task_of(store, entity) if kind_of(entity) == "CUSTOM_MODEL" else None:
        return [{"input" if task == RESPONSES else "messages": MESSAGES}]
    inputs = _inputs(store, entity)
    if not inputs:
        return []
    columns = {name: TYPES[kind] for name, kind in inputs.items()}
    split = {
        "columns": {"type": "array", "items": {"type": "string", "enum": [*columns]}},
        "data": {"type": "array", "items": {"type": "array", "prefixItems": [*columns.values()]}},
    }
    rows = {"type": "object", "required": [*columns], "properties": columns}
    return [
        {"dataframe_split": {"type": "object", "properties": split}},
        {"dataframe_records": {"type": "array", "items": rows}},
    ]


def _inputs(store: Store, entity: Json) -> dict[str, str]:
    if kind_of(entity) != "CUSTOM_MODEL":
        return {}
    try:
        scorer = scorer_for(store, entity)
    except BadRequest:
        return {}
    return dict(scorer.inputs) if isinstance(scorer, FileScorer) else {}
