"""Official clients: databricks-sdk and the MLflow deployments client."""

import os
import subprocess
import sys
from typing import Any

import pytest
from databricks.sdk.errors import NotFound, ResourceConflict
from databricks.sdk.service.serving import (
    AiGatewayConfig,
    AiGatewayRateLimit,
    AiGatewayRateLimitRenewalPeriod,
    EndpointCoreConfigInput,
    EndpointStateConfigUpdate,
    EndpointTag,
    Route,
    ServedEntityInput,
    ServingEndpointAccessControlRequest,
    ServingEndpointPermissionLevel,
    TrafficConfig,
)


def fraud(version: str, name: str) -> ServedEntityInput:
    return ServedEntityInput(
        name=name,
        entity_name="main.ml.fraud",
        entity_version=version,
        workload_size="Small",
        scale_to_zero_enabled=False,
    )


def test_sdk_endpoint_lifecycle(workspace: Any) -> None:
    workspace.restart(ready_after=0.0)
    endpoints = workspace.sdk().serving_endpoints
    made = endpoints.create_and_wait(
        "fraud", config=EndpointCoreConfigInput(name="fraud", served_entities=[fraud("7", "champion")])
    )
    assert made.state.config_update is EndpointStateConfigUpdate.NOT_UPDATING
    routes = [Route(90, served_entity_name="champion"), Route(10, served_entity_name="challenger")]
    updated = endpoints.update_config_and_wait(
        "fraud",
        served_entities=[fraud("7", "champion"), fraud("8", "challenger")],
        traffic_config=TrafficConfig(routes=routes),
    )
    shares = [(route.served_entity_name, route.traffic_percentage) for route in updated.config.traffic_config.routes]
    assert shares == [("champion", 90), ("challenger", 10)]
    endpoints.patch("fraud", add_tags=[EndpointTag("team", "risk")])
    limit = AiGatewayRateLimit(AiGatewayRateLimitRenewalPeriod.MINUTE, calls=100)
    endpoints.put_ai_gateway("fraud", rate_limits=[limit])
    assert endpoints.query("fraud", dataframe_records=[{"amount": 1}]).served_model_name in {"champion", "challenger"}
    (listed,) = endpoints.list()
    assert (listed.name, listed.tags) == ("fraud", [EndpointTag("team", "risk")])
    assert isinstance(listed.as_dict()["ai_gateway"], AiGatewayConfig | dict)
    assert "Image built" in endpoints.build_logs("fraud", "champion").logs
    assert b"request_count_total" in endpoints.export_metrics("fraud").contents.read()
    endpoints.delete("fraud")
    with pytest.raises(NotFound, match="Endpoint with name 'fraud' does not exist"):
        endpoints.get("fraud")


def test_sdk_sees_conflicts_and_permissions(workspace: Any) -> None:
    endpoints = workspace.sdk().serving_endpoints
    endpoints.create("fraud", config=EndpointCoreConfigInput(name="fraud", served_entities=[fraud("7", "champion")]))
    with pytest.raises(ResourceConflict, match="currently being updated"):
        endpoints.update_config("fraud", served_entities=[fraud("8", "champion")])
    found = endpoints.get("fraud")
    level = ServingEndpointPermissionLevel.CAN_QUERY
    asked = ServingEndpointAccessControlRequest(group_name="ml-engineers", permission_level=level)
    held = endpoints.set_permissions(found.id, access_control_list=[asked]).access_control_list
    levels = {entry.group_name: entry.all_permissions[0].permission_level for entry in held}
    assert levels == {"ml-engineers": level, "admins": ServingEndpointPermissionLevel.CAN_MANAGE}


MLFLOW = """
from mlflow.deployments import get_deploy_client

client = get_deploy_client("databricks")
entity = {"name": "current", "entity_name": "main.ml.iris", "entity_version": "2",
          "workload_size": "Small", "scale_to_zero_enabled": True}
client.create_endpoint(name="iris", config={"name": "iris", "config": {"served_entities": [entity]}})
print(client.get_endpoint("iris").state.ready, [endpoint["name"] for endpoint in client.list_endpoints()])
changed = {"served_entities": [entity | {"entity_version": "3"}]}
print(client.update_endpoint_config("iris", config=changed)["config"]["config_version"])
client.update_endpoint_tags("iris", config={"add_tags": [{"key": "team", "value": "risk"}]})
print(client.get_endpoint("iris").config.served_entities[0]["entity_version"])
flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
print(client.predict(endpoint="iris", inputs={"dataframe_records": [flower]})["predictions"])
client.delete_endpoint("iris")
print(client.list_endpoints())
"""


def test_mlflow_client_endpoint_lifecycle(workspace: Any) -> None:
    workspace.restart(ready_after=0.0)
    environment = {
        **os.environ,
        "DATABRICKS_HOST": workspace.origin,
        "DATABRICKS_TOKEN": workspace.credentials.token,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONWARNINGS": "ignore",
    }
    run = subprocess.run(
        [sys.executable, "-c", MLFLOW],
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert run.stdout.splitlines() == ["READY ['iris']", "2", "3", "['setosa']", "[]"]
