"""docs/workspace.md is current, and each rule names its source."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from model_serving.workspace.http.openapi import rule_name
from model_serving.workspace.http.reference_docs import evidence, page
from model_serving.workspace.http.routes import every_route

PAGE = Path(__file__).parents[3] / "docs" / "workspace.md"
ROUTES = every_route()


def test_reference_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make workspace-page`"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_every_rule_names_its_source(route: tuple[str, str, Callable[..., object]]) -> None:
    assert evidence(route[2]), f"{rule_name(route[2])} has no Source in its docstring or its module's"


REFUSALS = {400, 401, 403, 404, 409}
ERROR_KEYS = {"error_code", "error", "schemas"}
"""Of an error in the form of the REST API, of OAuth, and of SCIM."""


def is_answered(answer: httpx.Response) -> bool:
    """Whether the route did its work, or refused it in one of the service's own forms."""
    if answer.is_success:
        return True
    known = answer.status_code in REFUSALS and "No API found" not in answer.text
    return known and bool(ERROR_KEYS & answer.json().keys())


def test_every_documented_route_responds(http: httpx.Client) -> None:
    answers = {(method, path): http.request(method, re.sub(r"{\w+}", "x", path)) for method, path, _ in ROUTES}
    assert {route: answer.text for route, answer in answers.items() if not is_answered(answer)} == {}


def test_openapi_describes_request_bodies(http: httpx.Client) -> None:
    document = http.get("/_workspace/openapi.json").json()
    schemas = document["components"]["schemas"]

    def resolved(schema: dict[str, str]) -> Any:
        return schemas[schema["$ref"].removeprefix("#/components/schemas/")]["properties"]

    create = document["paths"]["/api/2.0/serving-endpoints"]["post"]
    config = resolved(create["requestBody"]["content"]["application/json"]["schema"])["config"]
    entities = resolved(config)["served_entities"]
    assert resolved(entities["items"])["entity_name"] == {"type": "string"}
