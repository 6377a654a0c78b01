"""Registered models, versions, aliases and the workspace model registry."""

from typing import Any

import httpx
import pytest
from databricks.sdk.errors import NotFound

UNITY = "/api/2.1/unity-catalog"


def test_new_workspace_has_default_seed(workspace: Any) -> None:
    sdk = workspace.sdk()
    assert [model.full_name for model in sdk.registered_models.list()] == [
        "main.ml.fraud",
        "main.ml.iris",
        "main.ml.assistant",
    ]
    assert [version.version for version in sdk.model_versions.list("main.ml.fraud")] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert sdk.model_versions.get_by_alias("main.ml.fraud", "Champion").version == 7
    assert sdk.model_versions.get_by_alias("main.ml.iris", "champion").version == 2
    assert sdk.catalogs.get("main").name == "main"
    assert sdk.schemas.get("main.ml").full_name == "main.ml"


def test_alias_is_moved_and_deleted(workspace: Any) -> None:
    sdk = workspace.sdk()
    assert sdk.registered_models.set_alias("main.ml.fraud", "Champion", 8).version_num == 8
    assert sdk.model_versions.get_by_alias("main.ml.fraud", "Champion").version == 8
    sdk.registered_models.delete_alias("main.ml.fraud", "Champion")
    with pytest.raises(NotFound, match="Alias 'Champion' does not exist"):
        sdk.model_versions.get_by_alias("main.ml.fraud", "Champion")
    with pytest.raises(NotFound, match="Model version '99'"):
        sdk.registered_models.set_alias("main.ml.fraud", "Champion", 99)


def test_deleting_version_deletes_its_aliases(workspace: Any) -> None:
    sdk = workspace.sdk()
    sdk.model_versions.delete("main.ml.iris", 2)
    assert sdk.registered_models.get("main.ml.iris").aliases == []
    assert [version.version for version in sdk.model_versions.list("main.ml.iris")] == [3, 1]


def test_model_with_versions_is_not_deleted(workspace: Any, http: httpx.Client) -> None:
    refused = http.delete(f"{UNITY}/models/main.ml.iris")
    assert refused.json()["message"] == ("Function 'main.ml.iris' is not empty. The function has 3 model versions(s)")
    sdk = workspace.sdk()
    for version in (1, 2, 3):
        sdk.model_versions.delete("main.ml.iris", version)
    sdk.registered_models.delete("main.ml.iris")
    with pytest.raises(NotFound):
        sdk.registered_models.get("main.ml.iris")


def test_model_is_created_and_updated(workspace: Any) -> None:
    sdk = workspace.sdk()
    made = sdk.registered_models.create(catalog_name="main", schema_name="ml", name="churn", comment="first")
    assert (made.full_name, made.owner, made.comment) == ("main.ml.churn", "admin@example.com", "first")
    assert sdk.registered_models.update("main.ml.churn", comment="second").comment == "second"
    with pytest.raises(NotFound):
        sdk.registered_models.create(catalog_name="main", schema_name="nowhere", name="churn")


def test_version_hides_its_seeded_failure(http: httpx.Client) -> None:
    version = http.get(f"{UNITY}/models/main.ml.fraud/versions/7").json()
    assert (version["version"], version["status"], version["model_name"]) == (7, "READY", "fraud")
    assert "fails" not in version


def test_workspace_registry_is_read(http: httpx.Client) -> None:
    http.post("/_workspace/seed", json={"registry_models": {"legacy": {"versions": 2}}})
    base, query = "/api/2.0/mlflow", {"name": "legacy"}
    model = http.get(f"{base}/registered-models/get", params=query).json()["registered_model"]
    assert [version["version"] for version in model["latest_versions"]] == ["2"]
    version = http.get(f"{base}/model-versions/get", params=query | {"version": "1"}).json()["model_version"]
    assert (version["version"], version["status"]) == ("1", "READY")
    shown = http.get(f"{base}/databricks/registered-models/get", params=query).json()["registered_model_databricks"]
    assert shown["permission_level"] == "CAN_MANAGE"
    assert http.get(f"{base}/registered-models/get", params={"name": "x"}).status_code == 404


def test_registry_model_is_served(workspace: Any, http: httpx.Client) -> None:
    http.post("/_workspace/seed", json={"registry_models": {"legacy": {"versions": 2}}})
    entity = {"entity_name": "legacy", "entity_version": "2", "scale_to_zero_enabled": True}
    http.post("/api/2.0/serving-endpoints", json={"name": "old", "config": {"served_entities": [entity]}})
    workspace.deploy()
    assert http.get("/api/2.0/serving-endpoints/old").json()["state"]["ready"] == "READY"
