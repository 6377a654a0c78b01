"""Members with values of the wrong JSON type."""

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"name": 1}, "'name' must be text."),
        ({"name": "a", "config": []}, "'config' must be an object."),
        ({"name": "a", "config": {"served_entities": "fraud"}}, "'served_entities' must be a list of objects."),
        (
            {"name": "a", "config": {"served_entities": [{"environment_vars": 1}]}},
            "'environment_vars' must be an object.",
        ),
        ({"name": "a", "route_optimized": "yes"}, "'route_optimized' must be a boolean."),
    ],
)
def test_value_of_wrong_type_is_rejected(http: httpx.Client, body: dict[str, Any], fault: str) -> None:
    refused = http.post("/api/2.0/serving-endpoints", json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "MALFORMED_REQUEST")
    assert refused.json()["message"] == f"Could not parse request object: {fault}"


def test_null_and_unknown_members_are_accepted(http: httpx.Client) -> None:
    body = {"name": "a", "config": None, "tags": None, "mystery": [1, {"other": "x"}]}
    assert http.post("/api/2.0/serving-endpoints", json=body).status_code == 200
