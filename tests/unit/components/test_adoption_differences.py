"""Every way in which an adopted endpoint may be declared otherwise than it is live."""

from collections.abc import Mapping
from typing import Any

import pytest

from model_serving.components.adoption.differences import access_differences, field_differences
from model_serving.components.args import PermissionArgs, ServingEndpointArgs
from model_serving.spec.files.secrets import Secret

ENTITY = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
TABLE = {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": "fraud", "enabled": True}
LIVE: dict[str, Any] = {
    "name": "fraud",
    "id": "e1",
    "tags": [{"key": "team", "value": "risk"}, {"key": "b"}],
    "route_optimized": True,
    "description": "Scores",
    "ai_gateway": {"usage_tracking_config": {"enabled": True}},
    "config": {
        "served_entities": [
            {**ENTITY, "workload_type": "CPU", "scale_to_zero_enabled": False, "environment_vars": {"KEY": "v"}},
            {**ENTITY, "name": "two", "scale_to_zero_enabled": True},
        ],
        "traffic_config": {
            "routes": [
                {"served_model_name": "one", "served_entity_name": "one", "traffic_percentage": 90},
                {"served_model_name": "two", "traffic_percentage": 10},
            ]
        },
        "auto_capture_config": {**TABLE, "state": {"payload_table": {"name": "fraud_payload"}}},
    },
}
MODEL = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}
DECLARED: dict[str, Any] = {
    "name": "fraud",
    "tags": {"b": "", "team": "risk"},
    "route_optimized": True,
    "description": "Scores",
    "served_entities": {"one": {**MODEL, "environment_vars": {"KEY": "v"}}, "two": {**MODEL, "scale_to_zero": True}},
    "traffic": {"one": 90, "two": 10},
    "auto_capture": {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": "fraud"},
}


def problems(**changed: Any) -> dict[str, str]:
    found = [each.problem(()) for each in field_differences(ServingEndpointArgs(**{**DECLARED, **changed}), LIVE)]
    return {".".join(map(str, path)): message for path, message, _ in found}


def entities(**changed: Any) -> dict[str, Any]:
    return {**DECLARED["served_entities"], "one": {**DECLARED["served_entities"]["one"], **changed}}


def test_the_same_in_other_words_is_no_difference() -> None:
    assert problems() == {}
    assert problems(served_entities=entities(workload_type="CPU", environment_vars={"KEY": Secret("v")})) == {}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"description": None}, {"description": 'not declared, and the live endpoint has "Scores"'}),
        ({"route_optimized": False}, {"route_optimized": "not declared, and the live endpoint has true"}),
        ({"tags": {"b": "", "team": "x"}}, {"tags.team": 'declared as "x", and the live endpoint has "risk"'}),
        ({"budget_policy_id": "b1"}, {"budget_policy_id": 'declared as "b1", and the live endpoint has none'}),
        ({"traffic": {"one": 80, "two": 20}}, {
            "traffic.one": "declared as 80, and the live endpoint has 90",
            "traffic.two": "declared as 20, and the live endpoint has 10",
        }),
        ({"traffic": {"two": 10, "one": 90}}, {
            "traffic": "the live endpoint has them in this order: one, two"
        }),
        ({"auto_capture": None}, {
            "auto_capture": 'not declared, and the live endpoint has catalog_name: "main", schema_name: "ml",'
            ' table_name_prefix: "fraud"'
        }),
        ({"served_entities": entities(version="8")}, {
            "served_entities.one.version": 'declared as "8", and the live endpoint has "7"'
        }),
        ({"served_entities": entities(workload_type="GPU_SMALL")}, {
            "served_entities.one.workload_type": 'declared as "GPU_SMALL", and the live endpoint has "CPU"'
        }),
    ],
)  # fmt: skip
def test_each_field_is_compared(changed: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    assert problems(**changed) == expected


def test_no_value_of_a_variable_is_shown() -> None:
    assert problems(served_entities=entities(environment_vars={"KEY": "hush", "MORE": "hush"})) == {
        "served_entities.one.environment_vars.KEY": "the live endpoint has another value",
        "served_entities.one.environment_vars.MORE": "the live endpoint has none",
    }
    assert problems(description=Secret("hush")) == {"description": "the live endpoint has another value"}


def entry(kind: str, name: str, level: str, *, inherited: bool = False) -> dict[str, Any]:
    return {kind: name, "all_permissions": [{"permission_level": level, "inherited": inherited}]}


def test_access_lists_are_compared_without_the_callers_own() -> None:
    access = {
        "access_control_list": [
            entry("user_name", "Ann@example.com", "CAN_MANAGE"),
            entry("user_name", "deployer@example.com", "CAN_MANAGE"),
            entry("group_name", "admins", "CAN_MANAGE", inherited=True),
            entry("service_principal_name", "app-1", "CAN_QUERY"),
        ]
    }
    declared = [
        PermissionArgs(user="ann@example.com", level="CAN_MANAGE"),
        PermissionArgs(service_principal="APP-1", level="CAN_VIEW"),
    ]
    assert access_differences(declared[:1], {"access_control_list": access["access_control_list"][:3]}, "d") != []
    found = [each.problem(("p",))[:2] for each in access_differences(declared, access, "Deployer@example.com")]
    assert found == [
        (("p", "permissions", 1), 'service principal "app-1" has CAN_VIEW here, and not on the live endpoint'),
        (("p", "permissions"), 'service principal "app-1" has CAN_QUERY on the live endpoint, and not here'),
    ]
