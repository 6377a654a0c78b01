"""Differences between the declared and the served config and tags."""

from typing import Any

import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.deployment.lost_updates import LostUpdate, lost_update
from model_serving.components.deployment.served_config import (
    config_body,
    config_differences,
    tag_differences,
    tags_body,
)
from model_serving.components.inputs import endpoint_inputs
from model_serving.spec.vocabulary.stack import InferenceTable

MODEL: dict[str, Any] = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}
ANSWERED = {
    "name": "one",
    "entity_name": "main.ml.fraud",
    "entity_version": "7",
    "workload_size": "Small",
    "workload_type": "CPU",
    "scale_to_zero_enabled": False,
    "creator": "ann@example.com",
    "state": {"deployment": "DEPLOYMENT_READY"},
}
ALL = {"routes": [{"served_model_name": "one", "served_entity_name": "one", "traffic_percentage": 100}]}


def declared(**entity: Any) -> dict[str, Any]:
    args = ServingEndpointArgs(name="fraud", served_entities={"one": ServedEntityArgs(**{**MODEL, **entity})})
    return endpoint_inputs(args).model_serving


def served(**entity: Any) -> dict[str, Any]:
    """A config as GET answers it. A field of None is absent."""
    answered = {name: value for name, value in {**ANSWERED, **entity}.items() if value is not None}
    return {"served_entities": [answered], "traffic_config": ALL, "config_version": 3}


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what the service adds": ({}, {}),
    "a size that was not declared": ({"workload_size": None}, {"workload_size": "Medium"}),
    "an absent false": ({}, {"scale_to_zero_enabled": None}),
    "an absent CPU": ({}, {"workload_type": None}),
    "empty environment variables": ({}, {"environment_vars": {}}),
    "the same environment variables": ({"environment_vars": {"aB": "x"}}, {"environment_vars": {"aB": "x"}}),
    "a field that is never answered": ({"burst_scaling": True}, {}),
}


@pytest.mark.parametrize(("wanted", "found"), SAME.values(), ids=SAME)
def test_equal_values_are_no_difference(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    assert config_differences(config_body(declared(**wanted)), served(**found)) == []


DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "version": ({"version": "8"}, {}, '"one": entity_version 7 instead of 8'),
    "size": ({"workload_size": "Large"}, {}, '"one": workload_size Small instead of Large'),
    "GPU that stayed": ({}, {"workload_type": "GPU_SMALL"}, '"one": workload_type GPU_SMALL instead of CPU'),
    "scale to zero": ({"scale_to_zero": True}, {}, '"one": scale_to_zero_enabled False instead of True'),
    "removed profile": ({}, {"instance_profile_arn": "arn"}, '"one": instance_profile_arn differs'),
    "removed variables": ({}, {"environment_vars": {"A": "secret"}}, '"one": environment_vars differs'),
    "concurrency": (
        {"workload_size": None, "min_provisioned_concurrency": 0, "max_provisioned_concurrency": 8},
        {"workload_size": None, "max_provisioned_concurrency": 4},
        '"one": max_provisioned_concurrency 4 instead of 8',
    ),
}


@pytest.mark.parametrize(("wanted", "found", "phrase"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_values_are_a_difference(wanted: dict[str, Any], found: dict[str, Any], phrase: str) -> None:
    assert config_differences(config_body(declared(**wanted)), served(**found)) == [phrase]


def test_possibly_secret_values_are_hidden() -> None:
    body = config_body(declared(environment_vars={"KEY": "hunter2"}))
    assert "hunter2" not in str(config_differences(body, served(environment_vars={"KEY": "hunter3"})))
    assert "hunter" not in str(tag_differences({"key": "hunter2"}, [{"key": "key", "value": "hunter3"}]))


def test_entities_traffic_and_inference_table_are_compared() -> None:
    entity = ServedEntityArgs(**MODEL)
    table = InferenceTable(catalog_name="main", schema_name="logs")
    args = ServingEndpointArgs(
        name="f", served_entities={"a": entity, "b": entity}, traffic={"a": 90, "b": 10}, auto_capture=table
    )
    assert config_differences(config_body(endpoint_inputs(args).model_serving), served()) == [
        '"a" is not served',
        '"b" is not served',
        '"one" is still served',
        "auto_capture_config differs",
        "traffic one 100 % instead of a 90 %, b 10 %",
    ]
    assert config_differences(config_body(declared()), None) == [
        '"one" is not served',
        "traffic none instead of one 100 %",
    ]


def test_the_body_of_put_config() -> None:
    inputs = declared(environment_vars={"aB": "x"})
    inputs["config"]["servedEntities"][0]["__defaults"] = []
    inputs["config"]["trafficConfig"]["routes"][0]["trafficPercentage"] = 100.0
    entity = {name: ANSWERED[name] for name in list(ANSWERED)[:6]}
    assert config_body(inputs) == {
        "served_entities": [{**entity, "environment_vars": {"aB": "x"}}],
        "traffic_config": {"routes": [{"served_model_name": "one", "traffic_percentage": 100}]},
    }


def test_tags_are_added_changed_and_removed() -> None:
    live = [{"key": "kept", "value": "1"}, {"key": "changed", "value": "1"}, {"key": "gone"}]
    wanted = {"kept": "1", "changed": "2", "added": ""}
    assert tag_differences(wanted, live) == [
        'tag "added" is missing',
        'tag "changed" has another value',
        'tag "gone" is still there',
    ]
    assert tags_body(wanted, live) == {
        "add_tags": [{"key": "changed", "value": "2"}, {"key": "added", "value": ""}],
        "delete_tags": ["gone"],
    }
    assert tag_differences({}, None) == []


def test_pending_provider_updates_are_not_resent() -> None:
    """It sends what differs between the state's outputs and the new inputs."""
    old, new = declared(version="7"), {**declared(version="8"), "tags": [{"key": "a", "value": "1"}]}
    live = {"config": served(version="6"), "tags": []}
    assert lost_update(old, new, live) == LostUpdate()
    assert lost_update(new, new, live) == LostUpdate(('"one": entity_version 7 instead of 8',), ('tag "a" is missing',))
