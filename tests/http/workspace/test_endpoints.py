"""The lifecycle of a serving endpoint, over plain HTTP and through the official SDK."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.errors import NotFound, ResourceConflict
from databricks.sdk.service.serving import EndpointStateConfigUpdate, EndpointStateReady

URL = "/api/2.0/serving-endpoints"

Build = Callable[..., dict[str, Any]]


def test_first_deployment_is_pending(http: httpx.Client, entity: Build) -> None:
    made = http.post(URL, json={"name": "fraud", "config": {"served_entities": [entity()]}}).json()
    assert made["state"] == {"ready": "NOT_READY", "config_update": "IN_PROGRESS", "suspend": "NOT_SUSPENDED"}
    assert "config" not in made
    assert made["pending_config"]["config_version"] == 1
    assert made["pending_config"]["served_entities"][0]["state"]["deployment"] == "DEPLOYMENT_CREATING"


def test_deployment_ends_after_its_duration(endpoint: Build) -> None:
    settled = endpoint("fraud")
    assert settled["state"] == {"ready": "READY", "config_update": "NOT_UPDATING", "suspend": "NOT_SUSPENDED"}
    assert settled["config"]["config_version"] == 1
    assert "pending_config" not in settled


def test_defaults_are_filled_in(endpoint: Build, entity: Build) -> None:
    config = endpoint("fraud", config={"served_entities": [entity(workload_size=None)]})["config"]
    served = config["served_entities"][0]
    assert (served["name"], served["workload_size"], served["workload_type"]) == ("fraud-7", "Small", "CPU")
    assert config["traffic_config"]["routes"] == [
        {"served_model_name": "fraud-7", "served_entity_name": "fraud-7", "traffic_percentage": 100}
    ]
    assert config["served_models"][0]["model_version"] == "7"


def test_old_config_serves_during_update(workspace: Any, http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud")
    running = http.put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="8")]}).json()
    assert (running["state"]["ready"], running["state"]["config_update"]) == ("READY", "IN_PROGRESS")
    assert running["config"]["served_entities"][0]["entity_version"] == "7"
    assert running["pending_config"]["config_version"] == 2
    workspace.deploy()
    settled = http.get(f"{URL}/fraud").json()
    assert (settled["config"]["config_version"], settled["config"]["served_entities"][0]["entity_version"]) == (2, "8")


def test_concurrent_update_is_rejected(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud")
    http.put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="8")]})
    refused = http.put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="9")]})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert refused.json()["message"] == "Endpoint served entities are currently being updated"


def test_missing_model_version_fails_update(workspace: Any, http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud")
    http.put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="99")]})
    workspace.deploy()
    failed = http.get(f"{URL}/fraud").json()
    assert (failed["state"]["ready"], failed["state"]["config_update"]) == ("READY", "UPDATE_FAILED")
    assert failed["config"]["served_entities"][0]["entity_version"] == "7"
    assert failed["pending_config"]["served_entities"][0]["state"] == {
        "deployment": "DEPLOYMENT_FAILED",
        "deployment_state_message": "Model version '99' of registered model 'main.ml.fraud' does not exist.",
    }


def test_failed_first_deployment_has_no_config(endpoint: Build, entity: Build) -> None:
    failed = endpoint("fraud", config={"served_entities": [entity(entity_version="99")]})
    assert (failed["state"]["ready"], failed["state"]["config_update"]) == ("NOT_READY", "UPDATE_FAILED")
    assert "config" not in failed


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("2", "Model version '2' of registered model 'main.ml.churn' is PENDING_REGISTRATION, not READY."),
        ("3", "pip could not resolve numpy"),
    ],
)
def test_seeded_version_fails_its_deployment(
    http: httpx.Client, endpoint: Build, entity: Build, version: str, reason: str
) -> None:
    versions = {"2": {"status": "PENDING_REGISTRATION"}, "3": {"fails": "pip could not resolve numpy"}}
    http.post("/_workspace/seed", json={"models": {"main.ml.churn": {"versions": versions}}})
    churn = entity(entity_name="main.ml.churn", entity_version=version)
    failed = endpoint("churn", config={"served_entities": [churn]})
    state = failed["pending_config"]["served_entities"][0]["state"]
    assert (failed["state"]["config_update"], state["deployment_state_message"]) == ("UPDATE_FAILED", reason)


def test_first_config_may_come_later(workspace: Any, http: httpx.Client, entity: Build) -> None:
    empty = http.post(URL, json={"name": "fraud"}).json()
    assert empty["state"] == {"ready": "NOT_READY", "config_update": "NOT_UPDATING", "suspend": "NOT_SUSPENDED"}
    http.put(f"{URL}/fraud/config", json={"served_entities": [entity()]})
    workspace.deploy()
    assert http.get(f"{URL}/fraud").json()["config"]["config_version"] == 1


def test_direct_url_needs_route_optimization(endpoint: Build) -> None:
    plain, optimized = endpoint("plain"), endpoint("fast", route_optimized=True)
    assert not {"endpoint_url", "data_plane_info"} & set(plain)
    assert plain["route_optimized"] is False
    assert optimized["endpoint_url"] == optimized["data_plane_info"]["query_info"]["endpoint_url"]
    assert optimized["endpoint_url"].endswith("/serving-endpoints/fast/invocations")


def test_write_only_fields_are_never_returned(endpoint: Build) -> None:
    external = {
        "name": "gpt-4.1",
        "provider": "openai",
        "task": "llm/v1/chat",
        "openai_config": {"openai_api_key_plaintext": "planted"},
    }
    shown = endpoint(
        "chat",
        config={"served_entities": [{"external_model": external}]},
        rate_limits=[{"calls": 1, "renewal_period": "minute"}],
        budget_policy_id="policy-1",
        email_notifications={"on_update_failure": ["a@example.com"]},
    )
    assert "planted" not in str(shown)
    assert not {"rate_limits", "budget_policy_id", "email_notifications"} & set(shown)
    assert (shown["effective_budget_policy_id"], shown["task"]) == ("policy-1", "llm/v1/chat")
    assert shown["config"]["served_entities"][0]["name"] == "gpt-4-1"


def test_served_models_become_served_entities(endpoint: Build) -> None:
    model = {
        "model_name": "main.ml.fraud",
        "model_version": "7",
        "workload_size": "Small",
        "scale_to_zero_enabled": True,
    }
    served = endpoint("fraud", config={"served_models": [model]})["config"]["served_entities"][0]
    assert (served["entity_name"], served["entity_version"]) == ("main.ml.fraud", "7")


def test_feature_spec_has_no_version(endpoint: Build) -> None:
    spec = {"entity_name": "main.ml.user_features", "workload_size": "Small", "scale_to_zero_enabled": True}
    shown = endpoint("features", route_optimized=True, config={"served_entities": [spec]})
    assert shown["config"]["served_entities"][0]["name"] == "user_features"


def test_start_creates_new_config_version(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    stopped = http.post(f"{URL}/fraud/config:stop").json()
    assert (stopped["state"]["ready"], stopped["state"]["suspend"]) == ("NOT_READY", "STOPPED")
    assert http.post(f"{URL}/fraud/config:start").json()["state"]["config_update"] == "IN_PROGRESS"
    workspace.deploy()
    started = http.get(f"{URL}/fraud").json()
    assert (started["state"]["ready"], started["config"]["config_version"]) == ("READY", 2)


def test_stopped_endpoint_is_shown_as_stopped(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    (entity,) = http.post(f"{URL}/fraud/config:stop").json()["config"]["served_entities"]
    assert entity["state"] == {"deployment": "DEPLOYMENT_STOPPED", "deployment_state_message": "Stopped"}
    (row,) = http.get(URL).json()["endpoints"]
    assert row["state"]["suspend"] == "STOPPED"


def test_stop_waits_for_no_update(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    http.post(f"{URL}/fraud/config:stop")
    http.post(f"{URL}/fraud/config:start")
    for action in ("stop", "start"):
        refused = http.post(f"{URL}/fraud/config:{action}")
        assert (refused.status_code, refused.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    workspace.deploy()
    assert http.post(f"{URL}/fraud/config:start").json()["error_code"] == "INVALID_STATE"


def test_feature_spec_cannot_be_stopped(http: httpx.Client, endpoint: Build) -> None:
    spec = {"entity_name": "main.ml.user_features", "workload_size": "Small", "scale_to_zero_enabled": True}
    endpoint("features", config={"served_entities": [spec]})
    refused = http.post(f"{URL}/features/config:stop")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_STATE")


def test_listing_is_a_summary(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud", route_optimized=True)
    (row,) = http.get(URL).json()["endpoints"]
    assert row["config"]["served_entities"] == [
        {"name": "fraud-7", "entity_name": "main.ml.fraud", "entity_version": "7"}
    ]
    assert not {"route_optimized", "endpoint_url", "permission_level", "data_plane_info"} & set(row)
    assert "traffic_config" not in row["config"]


def test_recreated_endpoint_has_new_id(http: httpx.Client, endpoint: Build) -> None:
    first = endpoint("fraud")
    assert http.delete(f"{URL}/fraud").json() == {}
    gone = http.get(f"{URL}/fraud")
    assert (gone.status_code, gone.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert gone.json()["message"] == "Endpoint with name 'fraud' does not exist."
    assert endpoint("fraud")["id"] != first["id"]


def test_logs_metrics_and_openapi_respond(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    for path in ("served-models/fraud-7/logs", "served-models/fraud-7/build-logs"):
        assert "fraud-7" in http.get(f"{URL}/fraud/{path}").json()["logs"]
    assert "# TYPE request_count_total gauge" in http.get(f"{URL}/fraud/metrics").text
    assert http.get(f"{URL}/fraud/openapi").headers["content-type"].startswith("text/plain")


def test_sdk_classifies_errors(workspace: Any, endpoint: Build, entity: Build) -> None:
    endpoint("fraud", route_optimized=True)
    sdk = workspace.sdk()
    shown = sdk.serving_endpoints.get("fraud")
    assert (shown.state.ready, shown.state.config_update) == (
        EndpointStateReady.READY,
        EndpointStateConfigUpdate.NOT_UPDATING,
    )
    workspace.http().put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="8")]})
    with pytest.raises(ResourceConflict, match="currently being updated"):
        sdk.serving_endpoints.update_config("fraud", served_entities=shown.config.served_entities)
    with pytest.raises(NotFound):
        sdk.serving_endpoints.get("nobody")


def test_update_can_be_cancelled(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud")
    cancel = "/_workspace/endpoints/fraud/cancel-update"
    assert http.post(cancel).json()["error_code"] == "INVALID_STATE"
    http.put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="8")]})
    found = http.post(cancel).json()
    assert found["state"] == {"ready": "READY", "config_update": "UPDATE_CANCELED", "suspend": "NOT_SUSPENDED"}
    assert found["config"]["served_entities"][0]["entity_version"] == "7"
    assert found["pending_config"]["served_entities"][0]["state"] == {
        "deployment": "DEPLOYMENT_ABORTED",
        "deployment_state_message": "Served entity creation aborted because the endpoint update was cancelled.",
    }
    assert http.put(f"{URL}/fraud/config", json={"served_entities": [entity(entity_version="9")]}).status_code == 200


def test_deployed_entity_fails_and_recovers(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")

    def fail(**body: Any) -> tuple[str, str, int]:
        """The endpoint's and the entity's state, and the status of a request to it."""
        found = http.post("/_workspace/endpoints/fraud/failures", json={"entity": "fraud-7", **body}).json()
        state = found["config"]["served_entities"][0]["state"]
        asked = http.post("/serving-endpoints/fraud/invocations", json={"dataframe_records": [{"a": 1}]})
        return found["state"]["ready"], state["deployment"], asked.status_code

    assert fail(message="out of memory") == ("READY", "DEPLOYMENT_FAILED", 500)
    assert fail() == ("READY", "DEPLOYMENT_READY", 200)
    missing = http.post("/_workspace/endpoints/fraud/failures", json={"entity": "other", "message": "x"})
    assert missing.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert http.post("/_workspace/endpoints/fraud/failures", json={}).status_code == 400


def test_provisioned_throughput_has_own_routes(workspace: Any, http: httpx.Client) -> None:
    model = {"entity_name": "system.ai.llama", "entity_version": "1", "name": "llama"}
    refused = http.post(f"{URL}/pt", json={"name": "llama", "config": {"served_entities": [model]}})
    assert refused.json()["message"] == "provisioned_model_units is required for provisioned throughput endpoints."
    config = {"served_entities": [model | {"provisioned_model_units": 50}]}
    assert http.post(f"{URL}/pt", json={"name": "llama", "config": config}).status_code == 200
    workspace.deploy()
    config = {"served_entities": [model | {"provisioned_model_units": 100}]}
    assert http.put(f"{URL}/pt/llama/config", json={"config": config}).json()["pending_config"]["config_version"] == 2
    workspace.deploy()
    assert http.get(f"{URL}/llama").json()["config"]["served_entities"][0]["provisioned_model_units"] == 100
