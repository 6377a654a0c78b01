"""Validation of requests for serving endpoints."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

URL = "/api/2.0/serving-endpoints"
CUSTOM = {"entity_name": "main.ml.fraud", "entity_version": "7", "scale_to_zero_enabled": False}
CHAT = {"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
EMBEDDINGS = {"external_model": {"name": "ada", "provider": "openai", "task": "llm/v1/embeddings"}}
FEATURES = {"entity_name": "main.ml.user_features"}
FOUNDATION = {"entity_name": "system.ai.llama", "entity_version": "1", "min_provisioned_throughput": 0}
TWO = [CUSTOM | {"name": "a"}, CUSTOM | {"name": "b"}]

Build = Callable[..., dict[str, Any]]


def refusal(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer.text
    return str(answer.json()["message"])


def routes(**shares: Any) -> dict[str, Any]:
    return {"routes": [{"served_entity_name": name, "traffic_percentage": share} for name, share in shares.items()]}


@pytest.mark.parametrize("name", ["", "-fraud", "fraud-", "fraud.scorer", "a" * 64, None])
def test_invalid_endpoint_name_is_rejected(http: httpx.Client, name: str | None) -> None:
    assert refusal(http.post(URL, json={"name": name})) == (
        "Endpoint name must be maximum 63 characters, and alphanumeric with hyphens and underscores allowed in between."
    )


def test_reserved_endpoint_name_is_rejected(http: httpx.Client) -> None:
    refused = http.post(URL, json={"name": "databricks-fraud"})
    assert refusal(refused) == "Endpoint name must not start with the reserved prefix 'databricks-'."


def test_workspace_concurrency_is_limited(http: httpx.Client) -> None:
    ranged = CUSTOM | {"min_provisioned_concurrency": 4, "max_provisioned_concurrency": 1024}
    full = [ranged | {"name": name} for name in "abcd"]
    config = {"served_entities": full, "traffic_config": routes(a=100, b=0, c=0, d=0)}
    assert http.post(URL, json={"name": "full", "config": config}).status_code == 200
    small = {"served_entities": [CUSTOM | {"workload_size": "Small"}]}
    assert refusal(http.post(URL, json={"name": "one", "config": small})) == (
        "The workspace has reached its limit of 4096 provisioned concurrency: with this endpoint it would be 4100."
    )
    assert http.delete(f"{URL}/full").status_code == 200
    assert http.post(URL, json={"name": "one", "config": small}).status_code == 200


@pytest.mark.parametrize("name", ["a", "a" * 63, "fraud_scorer-2"])
def test_valid_endpoint_name_is_accepted(http: httpx.Client, name: str) -> None:
    assert http.post(URL, json={"name": name}).status_code == 200


def test_endpoint_names_are_unique(http: httpx.Client) -> None:
    http.post(URL, json={"name": "fraud"})
    refused = http.post(URL, json={"name": "fraud"})
    assert refused.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert refused.json()["message"] == "Serving endpoint with name fraud already exists"


@pytest.mark.parametrize(("member", "value"), [("ai_gateway", {"guardrails": {}}), ("rate_limits", [{"calls": 1}])])
def test_limits_need_a_config(http: httpx.Client, member: str, value: object) -> None:
    refused = http.post(URL, json={"name": "fraud", member: value})
    assert refusal(refused) == f"Cannot specify {member} when creating endpoints without a config."


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([], "Endpoint config must contain at least one served entity."),
        ([{}], "Served entity must specify entity_name or external_model."),
        ([CUSTOM | CHAT], "Exactly one of external_model and entity_name must be specified."),
        ([CUSTOM | {"entity_version": 7}], "entity_version must be a string."),
        (
            [CUSTOM | {"scale_to_zero_enabled": "no"}],
            "scale_to_zero_enabled must be a boolean.",
        ),
        (
            [{"entity_name": "main.ml.fraud"}],
            "entity_version is required: 'main.ml.fraud' is not a feature spec.",
        ),
        (
            [CUSTOM | {"workload_size": "Tiny"}],
            "Invalid workload_size 'Tiny'. Supported values: Small, Medium, Large, XLarge.",
        ),
        (
            [CUSTOM | {"workload_size": "Small", "max_provisioned_concurrency": 8}],
            "workload_size and provisioned concurrency cannot be specified together.",
        ),
        (
            [CUSTOM | {"min_provisioned_concurrency": 16, "max_provisioned_concurrency": 8}],
            "max_provisioned_concurrency must be at least min_provisioned_concurrency.",
        ),
        ([CHAT, EMBEDDINGS], "All external models of an endpoint must have the same task."),
        ([CHAT, CUSTOM], "External models cannot be served together with other entities."),
        (
            [CUSTOM | {"name": "a.b"}],
            "Served entity name must be maximum 63 characters, and alphanumeric with hyphens and underscores.",
        ),
        ([CUSTOM, CUSTOM], "Served entity names must be unique within an endpoint: 'fraud-7' is repeated."),
        (TWO, "traffic_config is required when an endpoint has more than one served entity."),
        (
            [CUSTOM | {"min_provisioned_concurrency": 4, "max_provisioned_concurrency": 1028}],
            "max_provisioned_concurrency can be at most 1024.",
        ),
        (
            [CUSTOM | {"environment_vars": {f"V{number}": "x" for number in range(31)}}],
            "A served entity can have at most 30 environment variables.",
        ),
        (
            [FEATURES | {"workload_type": "GPU_SMALL"}],
            "Feature specs can only be served on CPU workload types.",
        ),
        (
            [CUSTOM | {"name": "a"}, FEATURES | {"name": "b"}],
            "Served entities of different types cannot be served together on one endpoint.",
        ),
        (
            [CUSTOM | {"name": f"e{number}"} for number in range(16)],
            "Endpoint config can contain at most 15 served entities.",
        ),
    ],
)
def test_invalid_entities_are_rejected(http: httpx.Client, entities: Any, message: str) -> None:
    assert refusal(http.post(URL, json={"name": "fraud", "config": {"served_entities": entities}})) == message


@pytest.mark.parametrize(
    ("traffic", "message"),
    [
        (routes(a=60, b=30), "Traffic percentages must sum to 100, but sum to 90."),
        (routes(a=50, c=50), "Traffic route refers to served entity 'c', which is not in the config."),
        (routes(a=120, b=-20), "traffic_percentage must be an integer between 0 and 100."),
        (routes(a=99.5, b=0.5), "traffic_percentage must be an integer between 0 and 100."),
        (
            {"routes": routes(a=50)["routes"] * 2},
            "Traffic routes must name each served entity at most once.",
        ),
    ],
)
def test_invalid_traffic_is_rejected(http: httpx.Client, traffic: dict[str, Any], message: str) -> None:
    config = {"served_entities": TWO, "traffic_config": traffic}
    assert refusal(http.post(URL, json={"name": "fraud", "config": config})) == message


def test_entity_without_traffic_stays_deployed(endpoint: Build) -> None:
    config = {"served_entities": TWO, "traffic_config": routes(a=100, b=0)}
    shown = endpoint("fraud", config=config)["config"]
    assert [entity["name"] for entity in shown["served_entities"]] == ["a", "b"]


@pytest.mark.parametrize("entity", [CHAT, FOUNDATION], ids=["external", "foundation"])
def test_route_optimization_rejects_external_models(http: httpx.Client, entity: dict[str, Any]) -> None:
    config = {"served_entities": [entity]}
    assert http.post(URL, json={"name": "plain", "config": config}).status_code == 200
    refused = http.post(URL, json={"name": "fast", "config": config, "route_optimized": True})
    assert refusal(refused) == "Route optimization is only supported for custom models and feature specs."


def test_external_models_cannot_be_added_later(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    refused = http.put(f"{URL}/fraud/config", json={"served_entities": [CHAT]})
    assert refusal(refused) == "external_model can neither be added to nor removed from an existing endpoint."


def test_inference_table_cannot_move(http: httpx.Client, endpoint: Build) -> None:
    table = {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": "fraud"}
    endpoint("fraud", config={"served_entities": [CUSTOM], "auto_capture_config": table})
    moved = {"served_entities": [CUSTOM], "auto_capture_config": table | {"schema_name": "other"}}
    assert refusal(http.put(f"{URL}/fraud/config", json=moved)) == (
        "schema_name of auto_capture_config cannot be changed once it is enabled."
    )
