"""Queries of endpoints: URLs, tokens, traffic and input formats."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Build = Callable[..., dict[str, Any]]
QUERY = "/serving-endpoints/fraud/invocations"
ROWS = {"dataframe_records": [{"amount": 1}, {"amount": 2}]}


def split(entity: Build, **shares: int) -> dict[str, Any]:
    routes = [{"served_entity_name": name, "traffic_percentage": share} for name, share in shares.items()]
    return {"served_entities": [entity(name=name) for name in shares], "traffic_config": {"routes": routes}}


def narrowed(workspace: Any, endpoint: dict[str, Any]) -> httpx.Client:
    details = endpoint["data_plane_info"]["query_info"]["authorization_details"]
    client: httpx.Client = workspace.http(workspace.oauth_token(authorization_details=details))
    return client


def test_hundred_requests_are_split_exactly(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud", config=split(entity, champion=95, challenger=5, shadow=0))
    answers = [http.post(QUERY, json=ROWS).headers["served-model-name"] for _ in range(100)]
    assert Counter(answers) == {"champion": 95, "challenger": 5}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["amount"], "data": [[1], [2]]}},
        {"dataframe_records": [{"amount": 1}, {"amount": 2}]},
        {"instances": [{"amount": 1}, {"amount": 2}]},
        {"inputs": {"amount": [1, 2]}},
    ],
    ids=lambda body: next(iter(body)),
)
def test_input_formats_score_the_same(http: httpx.Client, endpoint: Build, body: dict[str, Any]) -> None:
    endpoint("fraud")
    first = http.post(QUERY, json=ROWS).json()["predictions"]
    assert len(set(first)) == 2
    assert http.post(QUERY, json=body).json() == {"predictions": first}


@pytest.mark.parametrize("body", [{}, {"rows": []}, {"inputs": [1], "instances": [1]}, {"dataframe_split": [1]}])
def test_malformed_input_is_rejected(http: httpx.Client, endpoint: Build, body: dict[str, Any]) -> None:
    endpoint("fraud")
    refused = http.post(QUERY, json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_REQUEST")
    assert refused.json()["message"].startswith("Invalid input.")


def test_single_entity_can_be_queried(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud", config=split(entity, champion=100, shadow=0))
    answer = http.post("/serving-endpoints/fraud/served-models/shadow/invocations", json=ROWS)
    assert answer.headers["served-model-name"] == "shadow"


def test_feature_spec_returns_outputs(workspace: Any, endpoint: Build) -> None:
    spec = {"entity_name": "main.ml.user_features", "scale_to_zero_enabled": True}
    made = endpoint("features", route_optimized=True, config={"served_entities": [spec]})
    answer = narrowed(workspace, made).post(made["endpoint_url"], json={"dataframe_records": [{"user": 7}]}).json()
    assert answer["outputs"][0]["user"] == 7


def test_external_model_chats(http: httpx.Client, endpoint: Build) -> None:
    external = {"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
    endpoint("fraud", config={"served_entities": [external]})
    answer = http.post(QUERY, json={"messages": [{"role": "user", "content": "hello"}]}).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "hello"}


def test_route_optimized_endpoint_needs_direct_url(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    made = endpoint("fraud", route_optimized=True)
    assert narrowed(workspace, made).post(made["endpoint_url"], json=ROWS).status_code == 200
    refused = http.post(QUERY, json=ROWS)
    assert refused.status_code == 400
    assert made["endpoint_url"] in refused.json()["message"]


def test_direct_url_rejects_personal_token(http: httpx.Client, endpoint: Build) -> None:
    refused = http.post(endpoint("fraud", route_optimized=True)["endpoint_url"], json=ROWS)
    assert refused.status_code == 401
    assert "malformed" in refused.json()["message"]


def test_direct_url_needs_authorization_details(workspace: Any, endpoint: Build) -> None:
    made = endpoint("fraud", route_optimized=True)
    refused = workspace.http(workspace.oauth_token()).post(made["endpoint_url"], json=ROWS)
    assert refused.status_code == 401
    assert refused.json()["message"] == "Missing authorization details for accessing model serving endpoints"


def test_direct_url_rejects_other_endpoint_token(workspace: Any, endpoint: Build) -> None:
    other, made = endpoint("other", route_optimized=True), endpoint("fraud", route_optimized=True)
    refused = narrowed(workspace, other).post(made["endpoint_url"], json=ROWS)
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")


def test_direct_url_ends_with_endpoint(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    old = endpoint("fraud", route_optimized=True)
    http.delete("/api/2.0/serving-endpoints/fraud")
    endpoint("fraud", route_optimized=True)
    caller = workspace.http(workspace.oauth_token())
    assert caller.post(old["endpoint_url"], json=ROWS).status_code == 401
    assert http.post("/serving-endpoints/nobody/invocations", json=ROWS).status_code == 404


def test_endpoint_must_be_deployed_and_running(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    http.post("/api/2.0/serving-endpoints", json={"name": "new", "config": {"served_entities": [entity()]}})
    assert http.post("/serving-endpoints/new/invocations", json=ROWS).json()["error_code"] == "INVALID_STATE"
    endpoint("fraud")
    http.post("/api/2.0/serving-endpoints/fraud/config:stop")
    message = "The given endpoint is stopped, please retry after starting the endpoint."
    assert http.post(QUERY, json=ROWS).json()["message"] == message


def test_sdk_queries_both_urls(workspace: Any, endpoint: Build) -> None:
    endpoint("fraud")
    endpoint("fast", route_optimized=True)
    sdk = workspace.sdk(client_id=workspace.credentials.client_id, client_secret=workspace.credentials.client_secret)
    assert sdk.serving_endpoints.query("fraud", inputs=[1]).served_model_name == "fraud-7"
    assert len(sdk.serving_endpoints_data_plane.query("fast", inputs=[1]).predictions) == 1
