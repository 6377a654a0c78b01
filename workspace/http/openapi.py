"""The workspace's API as an OpenAPI document, from the route table and its request models."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from model_serving.workspace.http.call import Rule
from model_serving.workspace.http.request_model import RequestModel, model_of
from model_serving.workspace.store.database import Json

REFERENCE: Final = "#/components/schemas/{model}"


class _RequestSchema(GenerateJsonSchema):
    """JSON schema of request bodies without titles, nulls and defaults, which say nothing about a request."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def document(routes: Iterable[tuple[str, str, Rule]]) -> Json:
    """The OpenAPI document of these routes."""
    paths: dict[str, Json] = {}
    models: dict[str, type[RequestModel]] = {}
    for method, path, rule in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, rule)
        if model := model_of(rule):
            models[model.__name__] = model
    _, schemas = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template=REFERENCE, schema_generator=_RequestSchema
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Embedded Databricks workspace", "version": "1"},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
        "paths": paths,
    }


def rule_name(rule: Callable[..., Any]) -> str:
    """`module.function`; a rule made for one kind of identity has the name of the function that makes it."""
    return f"{rule.__module__.rpartition('.')[2]}.{rule.__qualname__.partition('.')[0]}"


def _operation(method: str, path: str, rule: Rule) -> Json:
    names = re.findall(r"{(\w+)}", path)
    operation: Json = {
        "operationId": re.sub(r"\W+", "_", f"{method} {path}").strip("_").lower(),
        "summary": (rule.__doc__ or rule_name(rule)).strip().splitlines()[0],
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        "responses": {"200": {"description": "Done"}, "default": {"description": "Refused, with the reason"}},
    }
    if model := model_of(rule):
        schema = {"$ref": REFERENCE.format(model=model.__name__)}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation
