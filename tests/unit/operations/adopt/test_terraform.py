"""The endpoints of a Terraform state in each of its forms, and how to let go of them without deleting."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_serving.errors import UserError
from model_serving.operations.adopt.sources.terraform import TerraformEndpoints, read_terraform, release_terraform


def attributes(name: str, number: int) -> dict[str, Any]:
    entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
    route = {"served_model_name": "one", "served_entity_name": "", "traffic_percentage": 100}
    config = {"served_entities": [entity], "served_models": [], "traffic_config": [{"routes": [route]}]}
    return {"id": name, "name": name, "serving_endpoint_id": f"e{number}", "config": [config], "ai_gateway": []}


def resource(kind: str, name: str, *instances: dict[str, Any], module: str = "") -> dict[str, Any]:
    found = {"mode": "managed", "type": kind, "name": name, "instances": [*instances]}
    return {"module": module, **found} if module else found


STATE = {
    "version": 4,
    "terraform_version": "1.9.0",
    "resources": [
        resource("databricks_model_serving", "plain", {"attributes": attributes("plain", 1)}),
        resource(
            "databricks_model_serving",
            "each",
            {"index_key": "a", "attributes": attributes("each-a", 2)},
            {"index_key": "b", "attributes": attributes("each-b", 3)},
            module='module.team["x"]',
        ),
        resource(
            "databricks_model_serving",
            "count",
            {"index_key": 0, "attributes": attributes("count-0", 4)},
            {"index_key": 1, "attributes": attributes("count-1", 5)},
            {"deposed": "0a1b", "index_key": 1, "attributes": attributes("old", 6)},
        ),
        resource("databricks_permissions", "plain", {"attributes": {"serving_endpoint_id": "e1"}}),
        resource("databricks_permissions", "job", {"attributes": {"job_id": "7", "serving_endpoint_id": None}}),
        {**resource("databricks_model_serving", "read", {"attributes": attributes("read", 9)}), "mode": "data"},
        resource("aws_s3_bucket", "other", {"attributes": {"name": "plain"}}),
    ],
}


def read(folder: Path, data: object) -> TerraformEndpoints:
    file = folder / "state.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return read_terraform(file)


def test_modules_and_instances_have_their_addresses(tmp_path: Path) -> None:
    found = read(tmp_path, STATE)
    assert {each.name: each.address for each in found.endpoints} == {
        "plain": "databricks_model_serving.plain",
        "each-a": 'module.team["x"].databricks_model_serving.each["a"]',
        "each-b": 'module.team["x"].databricks_model_serving.each["b"]',
        "count-0": "databricks_model_serving.count[0]",
        "count-1": "databricks_model_serving.count[1]",
    }
    config = found.endpoints[0].declared["config"]
    assert config["traffic_config"]["routes"] == [{"served_model_name": "one", "traffic_percentage": 100}]


def test_shown_state_says_the_same(tmp_path: Path) -> None:
    def shown(address: str, name: str, number: int, **index: Any) -> dict[str, Any]:
        own = {"address": address, "mode": "managed", "type": "databricks_model_serving", "name": "each"}
        return {**own, **index, "values": attributes(name, number)}

    child = {"resources": [shown('module.team["x"].databricks_model_serving.each["a"]', "each-a", 2, index="a")]}
    root = {"resources": [shown("databricks_model_serving.each", "plain", 1)], "child_modules": [child]}
    found = read(tmp_path, {"format_version": "1.0", "values": {"root_module": root}})
    assert [(each.name, each.address) for each in found.endpoints] == [
        ("plain", "databricks_model_serving.each"),
        ("each-a", 'module.team["x"].databricks_model_serving.each["a"]'),
    ]
    assert found.resources[1].resource == 'module.team["x"].databricks_model_serving.each'


def test_whole_resources_are_removed_by_block(tmp_path: Path) -> None:
    text = release_terraform(read(tmp_path, STATE), frozenset({"plain", "count-0", "count-1"}))
    for address in ("databricks_model_serving.plain", "databricks_model_serving.count", "databricks_permissions.plain"):
        assert f"removed {{\n  from = {address}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n" in text
    assert "terraform state rm 'databricks_model_serving.count[1]'" in text
    assert "each" not in text.replace("These", "")
    assert "databricks_permissions.job" not in text


def test_single_instances_leave_the_state_only(tmp_path: Path) -> None:
    text = release_terraform(read(tmp_path, STATE), frozenset({"count-0", "each-a"}))
    assert "removed {" not in text
    assert "terraform state rm 'databricks_model_serving.count[0]'" in text
    assert """terraform state rm 'module.team["x"].databricks_model_serving.each["a"]'""" in text
    assert "count[1]" not in text
    assert release_terraform(read(tmp_path, STATE), frozenset({"other"})) == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("resource {", "it is not JSON. To get one: terraform state pull > state.json"),
        ("[]", "it is no JSON object"),
        ({"version": 3, "modules": []}, "no Terraform state of version 4: it has version 3"),
        ({}, "it has no version"),
        ({"version": 3, "backend": {"type": "s3"}}, 'only names the backend "s3", which holds the state'),
        ({"encrypted_data": "x", "serial": 1}, "is encrypted by OpenTofu"),
        ({"format_version": "1.2", "planned_values": {}}, "is a plan. To get the state: terraform show -json"),
        ({"version": 4, "resources": []}, "has no databricks_model_serving. For a state in a remote backend"),
    ],
)
def test_other_files_say_how_to_get_a_state(tmp_path: Path, data: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, data)
