"""Whom a preview judges: the identity that deploys, and not the one that happens to look."""

from typing import Any

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import endpoint_requirements
from model_serving.databricks.access_lists import access_list_path

WAY = {"catalog/main": "USE_CATALOG", "schema/main.ml": "USE_SCHEMA", "function/main.ml.fraud": "EXECUTE"}
LACKING = "USE CATALOG on main, USE SCHEMA on main.ml, EXECUTE on main.ml.fraud"


def preview(settings: dict[str, Any], deployer: str | None = None, entity: str = "main.ml.fraud") -> PreflightReport:
    version = {} if "@" in entity else {"version": "7"}
    served = ServedEntityArgs(entity=entity, workload_size="Small", **version)
    args = ServingEndpointArgs(name="fraud", served_entities={"one": served})
    return preflight([endpoint_requirements(("endpoints", "fraud"), args)], settings, deployer, is_preview=True)


def test_privileges_of_the_declared_deployer_count(frozen: Any) -> None:
    deployer, settings = frozen.principal()
    ((_, message, _),) = preview(frozen.settings(), deployer).problems
    assert message == f"the endpoint would permanently run as its creator, {deployer}, who lacks {LACKING}"
    for securable, privilege in WAY.items():
        frozen.grant(securable, deployer, privilege)
    assert preview(frozen.settings(), deployer) == preview(settings, deployer) == PreflightReport()


def test_a_readers_own_lack_is_one_warning(frozen: Any) -> None:
    _, settings = frozen.principal()
    deployer, _ = frozen.principal()
    report = preview(settings, deployer)
    assert report.problems == []
    not_checked = f"model main.ml.fraud, privileges of {deployer} on main.ml.fraud"
    assert report.warnings == [f"deployer may not read everything. Not checked: {not_checked}"]


def test_an_unreadable_alias_fails_only_up(frozen: Any) -> None:
    _, settings = frozen.principal()
    report = preview(settings, "admin@example.com", "main.ml.fraud@Champion")
    assert (report.problems, report.versions) == ([], {})
    assert [*report.unread_aliases] == ["main.ml.fraud@Champion"]
    served = {"one": ServedEntityArgs(entity="main.ml.fraud@Champion", workload_size="Small")}
    asked = endpoint_requirements(("endpoints", "fraud"), ServingEndpointArgs(name="fraud", served_entities=served))
    messages = [message for _, message, _ in preflight([asked], settings).problems]
    assert "you may not read model main.ml.fraud@Champion" in messages


def test_an_unknown_deployer_is_assumed(frozen: Any) -> None:
    me, settings = frozen.principal()
    report = preview(settings)
    assert report.problems == []
    assert f"run as its creator, {me}, who lacks {LACKING}. `up` refuses to run as {me}" in " ".join(report.warnings)
    assert "declare it: model-serving:deployer" in " ".join(report.warnings)


def test_creators_of_adopted_endpoints_do_not_deploy(frozen: Any) -> None:
    me, settings = frozen.principal()
    frozen.endpoint("fraud")
    frozen.call("PATCH", access_list_path(frozen.call("GET", "/api/2.0/serving-endpoints/fraud")["id"]), {
        "access_control_list": [{"service_principal_name": me, "permission_level": "CAN_MANAGE"}]
    })  # fmt: skip
    served = {"one": ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")}
    asked = [endpoint_requirements(("endpoints", "fraud"), ServingEndpointArgs(name="fraud", served_entities=served))]
    for adopted, judged in ((frozenset(), "admin@example.com"), (frozenset({"fraud"}), me)):
        report = preflight(asked, settings, is_preview=True, adopted=adopted)
        assert report.deployer is not None
        assert report.deployer.name == judged


def test_the_rule_on_creators_is_left_to_the_pack(frozen: Any) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    deployer, _ = frozen.principal()
    assert preview(frozen.settings(), deployer).warnings == []
