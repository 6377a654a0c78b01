"""What is a difference between declared and live fields, and what can't be known."""

from typing import Any

import pytest

from model_serving.operations.drift.compare import UNREAD, field_drifts, with_origins
from model_serving.operations.drift.remedies import why_not_declared
from model_serving.operations.drift.report import Origin
from model_serving.spec.files.secrets import Secret

TOKEN = f"dapi{'0' * 32}"
ENTITY = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}


def names(declared: dict[str, Any], live: dict[str, Any]) -> list[str]:
    return [each.name for each in field_drifts(declared, live)]


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        (
            {"served_entities": {"one": {"entity": "a"}}},
            {"served_entities": {"one": {"entity": "a", "workload_size": "Small"}}},
        ),
        ({"served_entities": {"one": {**ENTITY, "version": UNREAD}}}, {"served_entities": {"one": ENTITY}}),
        ({"tags": {"key": Secret("v1:x", known=False)}}, {"tags": {"key": "anything"}}),
        ({"budget_policy_id": "declared"}, {}),
        ({}, {"budget_policy_id": "of the workspace"}),
        ({"ai_gateway": {"usage_tracking": False}}, {}),
        ({"description": ""}, {"description": None}),
        (
            {"telemetry_config": {"table_names": {"logs_table": "a.b.c"}}},
            {"telemetry_config": {"telemetry_profile_id": "p"}},
        ),
        ({"auto_capture": {"catalog_name": "a"}}, {"auto_capture": {"catalog_name": "a", "table_name_prefix": "x"}}),
        (
            {"email_notifications": {"on_update_failure": ["a", "b"]}},
            {"email_notifications": {"on_update_failure": ["b", "a"]}},
        ),
    ],
)
def test_what_the_service_chooses_is_no_difference(declared: dict[str, Any], live: dict[str, Any]) -> None:
    assert names(declared, live) == []


@pytest.mark.parametrize(
    ("declared", "live", "name"),
    [
        ({"budget_policy_id": "a"}, {"budget_policy_id": "b"}, "budget_policy_id"),
        ({"tags": {"key": Secret("v1:x", known=False)}}, {}, "tags.key"),
        ({"telemetry_config": {"table_names": {"logs_table": "a.b.c"}}}, {}, "telemetry_config"),
        ({}, {"telemetry_config": {"telemetry_profile_id": "p"}}, "telemetry_config"),
        (
            {"ai_gateway": {"inference_table": {"catalog_name": "a"}}},
            {"ai_gateway": {"inference_table": {"catalog_name": "a", "enabled": False}}},
            "ai_gateway.inference_table.enabled",
        ),
        (
            {"served_entities": {"one": ENTITY}},
            {"served_entities": {"two": ENTITY, "one": ENTITY}},
            "served_entities.two",
        ),
        (
            {"served_entities": {"one": {**ENTITY, "scale_to_zero": True}}},
            {"served_entities": {"one": ENTITY}},
            "served_entities.one.scale_to_zero",
        ),
    ],
)
def test_what_somebody_changed_is_a_difference(declared: dict[str, Any], live: dict[str, Any], name: str) -> None:
    assert names(declared, live) == [name]
    assert names(live, live) == []


def test_secrets_are_masked_on_both_sides() -> None:
    declared = {"served_entities": {"one": {**ENTITY, "instance_profile_arn": Secret("arn", known=True)}}}
    live = {"served_entities": {"one": {**ENTITY, "instance_profile_arn": "by-hand"}}}
    (found,) = field_drifts(declared, live)
    assert (found.declared, found.live) == ("[secret]", "[secret]")


@pytest.mark.parametrize("tags", [{"team": TOKEN}, {TOKEN: "risk"}], ids=["value", "key"])
def test_credentials_in_tags_are_masked(tags: dict[str, str]) -> None:
    (found,) = field_drifts({"tags": {}}, {"tags": tags})
    assert TOKEN not in f"{found.name} {found.shown_path} {found.declared} {found.live}"
    assert "may be secret" in why_not_declared(found)


def test_a_value_that_was_deployed_is_not_from_outside() -> None:
    deployed, live = {"tags": {"a": "1", "b": "1", "c": "1"}}, {"tags": {"a": "1", "b": "2", "c": "1"}}
    drifts = with_origins(field_drifts({"tags": {"a": "2", "b": "1", "c": "1"}}, live), deployed, live)
    assert {each.name: each.origin for each in drifts} == {"tags.a": Origin.NOT_DEPLOYED, "tags.b": Origin.OUTSIDE}
    encrypted = {"tags": {**deployed["tags"], "a": Secret("v1:x", known=False)}}
    drifts = with_origins(field_drifts({"tags": {**live["tags"], "a": "2"}}, live), encrypted, live)
    assert [each.origin for each in drifts] == [Origin.UNKNOWN]
