"""Answers of the workspace, as captures and the REST reference have them, as entries of a stack file."""

import dataclasses
import typing
from typing import Any

import pytest
from databricks.sdk.service import serving

from model_serving.operations.adopt.entries import SERVICE_OUTPUTS, entry_of
from model_serving.operations.adopt.entry import Adoption, Destination, Entry, NotAdopted, Reason
from model_serving.operations.adopt.summary import summary
from model_serving.spec import Stack
from model_serving.spec.live_fields import unmapped
from model_serving.spec.vocabulary.stack import BaseEndpoint

DEPLOYER = "11111111-abcd-1234-abcd-1234567890ab"
CALLER = "22222222-abcd-1234-abcd-1234567890ab"


def entity(name: str = "champion", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "entity_name": "main.ml.fraud",
        "entity_version": "7",
        "workload_size": "Small",
        "workload_type": "CPU",
        "scale_to_zero_enabled": False,
        "creator": "ann@example.com",
        "creation_timestamp": 1700000000000,
        "state": {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""},
        **more,
    }


def answer(*entities: dict[str, Any], routes: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    served = list(entities) or [entity()]
    shares = routes or [{"served_model_name": served[0]["name"], "traffic_percentage": 100}]
    return {
        "name": "fraud-scorer",
        "id": "0123456789abcdef0123456789abcdef",
        "creator": "ann@example.com",
        "state": {"ready": "READY", "config_update": "NOT_UPDATING"},
        "config": {"served_entities": served, "traffic_config": {"routes": shares}, "config_version": 3},
        "permission_level": "CAN_MANAGE",
        "route_optimized": False,
        **more,
    }


def access(*entries: tuple[str, str, str]) -> dict[str, Any]:
    listed: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for member, name, level in entries:
        listed.setdefault((member, name), []).append({"permission_level": level, "inherited": False})
    inherited = {"permission_level": "CAN_MANAGE", "inherited": True}
    return {
        "access_control_list": [
            {"group_name": "admins", "all_permissions": [inherited]},
            *({member: name, "all_permissions": levels} for (member, name), levels in listed.items()),
        ]
    }


def adopted(live: dict[str, Any], *entries: tuple[str, str, str], **more: Any) -> Entry | NotAdopted:
    destination = Destination("dev", Stack(), deployer=DEPLOYER, **more)
    return entry_of(live, access(*entries), destination)


def fields(live: dict[str, Any], *entries: tuple[str, str, str], **more: Any) -> Any:
    found = adopted(live, *entries, **more)
    assert isinstance(found, Entry), found
    return found.fields


def why(live: dict[str, Any]) -> str:
    found = adopted(live)
    assert isinstance(found, NotAdopted)
    return found.why


CHAMPION = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}


def test_defaults_of_the_service_are_left_out() -> None:
    assert fields(answer(description="", tags=[])) == {"served_entities": {"champion": CHAMPION}, "permissions": []}


def test_the_order_of_entities_and_routes_stays() -> None:
    routes = [{"served_entity_name": name, "traffic_percentage": each} for name, each in (("b", 60), ("a", 40))]
    found = fields(answer(entity("a"), entity("b"), routes=routes))
    assert list(found["served_entities"]) == ["a", "b"]
    assert list(found["traffic"].items()) == [("b", 60), ("a", 40)]


def test_an_entity_without_a_route_is_no_entry() -> None:
    assert 'served entity "b" has no traffic percentage' in why(answer(entity("a"), entity("b")))


def test_a_table_without_recording_is_no_entry() -> None:
    live = answer()
    live["config"]["auto_capture_config"] = {"catalog_name": "main", "schema_name": "ml", "enabled": False}
    assert "auto_capture.enabled: the Databricks provider never sends false" in why(live)


def test_a_limit_without_a_key_is_of_the_endpoint() -> None:
    limits = {"rate_limits": [{"calls": 10, "renewal_period": "minute"}]}
    assert fields(answer(ai_gateway=limits))["ai_gateway"] == {"rate_limits": [{"calls": 10, "key": "endpoint"}]}


def test_limits_of_principals_are_written_with_their_keys() -> None:
    limit = {"key": "service_principal", "principal": CALLER.upper(), "calls": 7, "renewal_period": "minute"}
    gateway = fields(answer(ai_gateway={"rate_limits": [limit]}), principals={CALLER: "checkout"})["ai_gateway"]
    assert gateway == {"rate_limits": [{"key": "service_principal", "calls": 7, "principal": "checkout"}]}


def test_telemetry_is_declared_by_its_profile() -> None:
    live = answer(telemetry_config={"telemetry_profile_id": "p-1", "inference_table_config": {"name": "a.b.c_payload"}})
    assert fields(live)["telemetry_config"] == {
        "telemetry_profile_id": "p-1",
        "inference_table_config": {"name": "a.b.c_payload"},
    }


def test_the_deployer_s_own_entry_is_left_out() -> None:
    found = fields(
        answer(),
        ("user_name", "Ann@Example.com", "CAN_MANAGE"),
        ("service_principal_name", DEPLOYER.upper(), "CAN_QUERY"),
        ("service_principal_name", CALLER, "CAN_QUERY"),
        ("group_name", "ML Engineers", "CAN_VIEW"),
    )
    assert found["permissions"] == [
        {"user": "ann@example.com", "level": "CAN_MANAGE"},
        {"service_principal": CALLER, "level": "CAN_QUERY"},
        {"group": "ML Engineers", "level": "CAN_VIEW"},
    ]


def test_the_highest_level_of_a_principal_counts() -> None:
    entries = [("group_name", "ml", level) for level in ("CAN_QUERY", "CAN_MANAGE", "CAN_VIEW")]
    assert fields(answer(), *entries)["permissions"] == [{"group": "ml", "level": "CAN_MANAGE"}]


def test_settings_without_a_field_are_listed() -> None:
    found = adopted(
        answer(
            entity(new_setting="x"),
            ai_gateway={"fallback_config": {"enabled": True}, "usage_tracking_config": {"enabled": True}},
            another_setting={"mode": "FAST"},
            effective_budget_policy_id="b-1",
        )
    )
    assert isinstance(found, Entry)
    assert [each.path for each in found.left_out] == [
        "config.served_entities.new_setting",
        "ai_gateway.fallback_config",
        "another_setting",
        "budget_policy_id",
    ]
    assert "another_setting: no field of a stack file. It stays as it is" in summary(Adoption((found,)), "dev")
    assert found.left_out[0].why.endswith("It stays until the first change of the served entities, which removes it")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"foundation_model": {"name": "llama"}}, "foundation model"),
        ({"entity_name": "system.ai.llama"}, "foundation model"),
        ({"min_provisioned_throughput": 0, "max_provisioned_throughput": 950}, "foundation model"),
        ({"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}, "external model"),
        ({"environment_vars": {"DB_PASSWORD": "planted"}}, "plaintext credential"),
        ({"environment_vars": {"HINT": "ghp_" + "a" * 36}}, "plaintext credential"),
        ({"environment_vars": {"NAME": "{{secrets/a}}"}}, "not expressible"),
        ({"workload_size": "XLarge"}, "not expressible"),
    ],
)
def test_what_is_served_decides(more: dict[str, Any], reason: str) -> None:
    found = adopted(answer(entity(**more)))
    assert isinstance(found, NotAdopted)
    assert found.reason == reason
    assert "planted" not in found.why


def test_references_and_plain_settings_are_no_credentials() -> None:
    variables = {"API_KEY": "{{secrets/serving/key}}", "MAX_TOKENS": "100", "LEVEL": "info"}
    served = fields(answer(entity(environment_vars=variables)))["served_entities"]
    assert served["champion"]["environment_vars"] == variables


def test_a_credential_in_a_description_is_not_printed() -> None:
    found = adopted(answer(description="use dapi" + "0" * 32))
    assert isinstance(found, NotAdopted)
    assert (found.reason, "dapi" in found.why) == ("plaintext credential", False)


def test_a_long_result_is_cut() -> None:
    entries = tuple(Entry(f"e-{n}", f"e-{n}", "id", {"served_entities": {"champion": CHAMPION}}) for n in range(40))
    refused = tuple(NotAdopted(f"r-{n:02}", Reason.DELETED, "it is gone") for n in range(40))
    lines = summary(Adoption(entries, refused), "dev").splitlines()
    assert lines[0] == "40 of 80 endpoints can be adopted into stack dev"
    assert "  and 10 more: --json has all" in lines
    assert lines[-1].endswith("r-28, r-29 and 10 more: deleted: it is gone")


def whole(kind: Any) -> Any:
    """An answer with every member that the SDK knows."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return {each.name: whole(hints[each.name]) for each in dataclasses.fields(kind)}
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is list:
        return [whole(inner[0])]
    if typing.get_origin(kind) is dict:
        return {"NAME": "x"}
    return whole(inner[0]) if inner else "7"


def test_every_member_of_the_sdk_is_known() -> None:
    left_out = unmapped(BaseEndpoint, whole(serving.ServingEndpointDetailed), SERVICE_OUTPUTS)
    assert sorted(each for each in left_out if ".external_model." not in each) == [
        "ai_gateway.fallback_config",
        "ai_gateway.guardrails",
        "config.served_entities.burst_scaling_enabled",
        "config.served_entities.foundation_model",
        "telemetry_config.enabled_telemetry_features",
    ]
