"""The classes of endpoints that a comparison of stacks with a workspace has."""

from typing import Any

import pytest

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.operations.drift.report import Condition, Origin
from tests.http.operations.drift.conftest import Project

PLAIN: dict[str, Any] = {
    "served_entities": {"one": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}}
}
MANAGED = {**PLAIN, "permissions": [{"group": "ml-engineers", "level": "CAN_QUERY"}]}
LIST = "GET /api/2.0/serving-endpoints"
DETAIL, ACCESS = f"{LIST}/*", "GET /api/2.0/permissions/serving-endpoints/*"


def config(version: str = "7") -> dict[str, Any]:
    entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": version, "workload_size": "Small"}
    return {"served_entities": [{**entity, "scale_to_zero_enabled": False}]}


def conditions(project: Project, *stacks: str, whole: bool = False) -> dict[str, str]:
    return {each.name: each.condition.value for each in project.drift(*stacks, whole=whole).resources}


def test_what_was_deployed_is_as_declared(project: Project) -> None:
    project.declare(name_prefix="dev-", endpoints={"fraud": MANAGED, "plain": PLAIN})
    project.deploy()
    report = project.drift()
    assert [(each.name, each.key, each.condition.value) for each in report.resources] == [
        ("dev-fraud", "fraud", "as_declared"),
        ("dev-plain", "plain", "as_declared"),
    ]
    assert (report.exit_status, [*report.orphans]) == (0, [])


def test_calls_are_one_listing_and_what_it_lacks(project: Project) -> None:
    project.declare(endpoints={f"e{number}": MANAGED if number % 2 else PLAIN for number in range(10)})
    project.deploy()
    before = project.reads()
    report = project.drift(whole=True)
    spent = project.reads() - before
    assert {kind: spent[kind] for kind in (LIST, DETAIL, ACCESS)} == {LIST: 1, DETAIL: 10, ACCESS: 5}
    assert sum(spent.values()) == next(iter(report.workspaces)).calls == 16


def test_each_class_of_endpoint_is_found(project: Project) -> None:
    keys = ("changed", "deleted", "stopped", "failed", "undeclared", "same")
    project.declare(endpoints=dict.fromkeys(keys, PLAIN))
    project.deploy()
    declared = {key: PLAIN for key in (*keys, "new", "theirs", "taken") if key != "undeclared"}
    project.declare(endpoints=declared)
    project.declare("other", endpoints={"theirs": PLAIN})
    project.deploy("other")
    for name in ("taken", "by-hand"):
        project.call("POST", ENDPOINTS_PATH, {"name": name, "config": config()})
    project.call("PUT", f"{endpoint_path('changed')}/config", config("8"))
    project.call("DELETE", endpoint_path("deleted"))
    project.call("POST", f"{endpoint_path('stopped')}/config:stop")
    project.call("PUT", f"{endpoint_path('failed')}/config", _broken(project))
    project.frozen.clock.advance(60)
    assert conditions(project, "dev", whole=True) == {
        "changed": "drifted",
        "deleted": "missing",
        "stopped": "stopped",
        "failed": "failed",
        "undeclared": "undeclared",
        "same": "as_declared",
        "new": "not_deployed",
        "theirs": "other_stack",
        "taken": "made_by_hand",
        "by-hand": "made_by_hand",
    }
    assert project.one("theirs", "dev").owner == "other"
    by_hand = project.one("by-hand", "dev", whole=True)
    assert (by_hand.creator, by_hand.traces[-1].action) == ("admin@example.com", "created")
    assert "by-hand" not in conditions(project, "dev")


def _broken(project: Project) -> dict[str, Any]:
    """A config whose deployment fails."""
    seed = {"models": {"main.ml.fraud": {"versions": {9: {"fails": "pip could not resolve numpy"}}}}}
    project.call("POST", "/_workspace/seed", seed)
    return config("9")


def test_a_recreated_endpoint_is_not_the_same(project: Project) -> None:
    project.declare(endpoints={"fraud": MANAGED})
    project.deploy()
    before = project.one("fraud").id
    project.call("DELETE", endpoint_path("fraud"))
    project.call("POST", ENDPOINTS_PATH, {"name": "fraud", "config": config()})
    project.frozen.clock.advance(60)
    found = project.one("fraud")
    assert found.is_recreated
    assert [(each.name, each.declared, each.live) for each in found.fields] == [
        ("id", before, found.id),
        ("permissions.group ml-engineers", "CAN_QUERY", None),
    ]


def test_origin_says_who_is_behind(project: Project) -> None:
    project.declare(endpoints={"fraud": {**MANAGED, "tags": {"team": "risk"}}})
    project.deploy()
    project.call("PATCH", f"{endpoint_path('fraud')}/tags", {"add_tags": [{"key": "by", "value": "hand"}]})
    entry = {"user_name": "admin@example.com", "permission_level": "CAN_MANAGE"}
    project.call("PUT", access_list_path(project.one("fraud").id), {"access_control_list": [entry]})
    served = {"one": {**PLAIN["served_entities"]["one"], "version": "8"}}
    project.declare(endpoints={"fraud": {**MANAGED, "served_entities": served, "tags": {"team": "fraud"}}})
    assert {each.name: each.origin for each in project.one("fraud").fields} == {
        "served_entities.one.version": Origin.NOT_DEPLOYED,
        "tags.team": Origin.NOT_DEPLOYED,
        "tags.by": Origin.OUTSIDE,
        "permissions.group ml-engineers": Origin.OUTSIDE,
    }


def test_an_update_to_what_is_declared_is_no_drift(project: Project) -> None:
    project.declare(endpoints={"fraud": PLAIN})
    project.deploy()
    served = {"one": {**PLAIN["served_entities"]["one"], "version": "8"}}
    project.declare(endpoints={"fraud": {"served_entities": served}})
    project.call("PUT", f"{endpoint_path('fraud')}/config", config("8"))
    found = project.one("fraud")
    assert (found.condition, found.fields) == (Condition.UPDATING, ())
    project.declare(endpoints={"fraud": PLAIN})
    assert project.one("fraud").condition is Condition.DRIFTED


def test_predecessors_are_declared_endpoints(project: Project) -> None:
    project.declare(endpoints={"fraud": PLAIN})
    project.deploy()
    moved = {**PLAIN, "name": "fraud-2", "route_optimized": True}
    moved["predecessor"] = {"name": "fraud", "route_optimized": False}
    project.declare(endpoints={"fraud": moved})
    found = project.drift(whole=True)
    assert [(each.name, each.condition.value, each.path) for each in found.resources] == [
        ("fraud-2", "not_deployed", ("endpoints", "fraud")),
        ("fraud", "as_declared", ("endpoints", "fraud", "predecessor")),
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_secrets_are_never_shown(project: Project, whole: bool) -> None:
    entity = {**PLAIN["served_entities"]["one"], "environment_vars": {"API_KEY": "dapi-declared", "LEVEL": "info"}}
    project.declare(endpoints={"fraud": {"served_entities": {"one": entity}}})
    project.deploy()
    body = config()
    body["served_entities"][0]["environment_vars"] = {"API_KEY": "dapi-by-hand", "OTHER": "dapi-other"}
    project.call("PUT", f"{endpoint_path('fraud')}/config", body)
    project.frozen.clock.advance(60)
    found = project.one("fraud", whole=whole)
    assert [each.name.rpartition(".")[2] for each in found.fields] == ["API_KEY", "LEVEL", "OTHER"]
    assert "dapi" not in f"{found} {found.fields}"
