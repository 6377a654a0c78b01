"""Who changed an endpoint outside of its stack, from the workspace's audit log."""

import time
from typing import Any

import pytest

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from tests.http.operations.drift.conftest import Project

WAREHOUSE, ADMIN, AUDIT = "0123456789abcdef", "admin@example.com", "system.access.audit"
PLAIN: dict[str, Any] = {
    "served_entities": {"one": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}}
}
MANAGED = {**PLAIN, "permissions": [{"group": "ml-engineers", "level": "CAN_QUERY"}]}


@pytest.fixture
def changed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A stack of which two endpoints were changed by hand, and one was deleted."""
    monkeypatch.setenv("DATABRICKS_WAREHOUSE_ID", WAREHOUSE)
    project.frozen.clock.advance(time.time() - project.frozen.clock.now())
    project.declare(endpoints={"tagged": PLAIN, "opened": MANAGED, "gone": PLAIN, "same": PLAIN, "edited": PLAIN})
    project.deploy()
    tags = {"add_tags": [{"key": "by", "value": "hand"}]}
    project.call("PATCH", f"{endpoint_path('tagged')}/tags", tags)
    entry = {"group_name": "users", "permission_level": "CAN_MANAGE"}
    project.call("PATCH", access_list_path(project.one("opened").id), {"access_control_list": [entry]})
    project.call("DELETE", endpoint_path("gone"))
    project.call("POST", ENDPOINTS_PATH, {"name": "by-hand"})
    edited = {**PLAIN, "tags": {"team": "risk"}}
    project.declare(endpoints={"tagged": PLAIN, "opened": MANAGED, "gone": PLAIN, "same": PLAIN, "edited": edited})
    return project


def test_each_change_by_hand_has_who_and_when(changed: Project) -> None:
    report = changed.drift(whole=True)
    newest = {each.name: each.traces[0] for each in report.resources if each.traces and each.traces[0].source == AUDIT}
    assert {name: (each.action, each.who) for name, each in newest.items()} == {
        "tagged": ("updateServingEndpointTags", ADMIN),
        "opened": ("changeInferenceEndpointAcl", ADMIN),
        "gone": ("deleteServingEndpoint", ADMIN),
        "by-hand": ("createServingEndpoint", ADMIN),
    }
    assert all(abs((each.when or 0) - changed.frozen.clock.now()) < 600 for each in newest.values())
    assert (report.workspaces[0].notes, report.workspaces[0].unread) == ((), ())


def test_the_log_is_read_only_where_it_says_something(changed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = changed.reads()["POST /api/2.0/sql/statements"]
    changed.drift(whole=True)
    assert changed.reads()["POST /api/2.0/sql/statements"] == before + 1
    monkeypatch.delenv("DATABRICKS_WAREHOUSE_ID")
    changed.drift(whole=True)
    changed.declare(endpoints={"same": PLAIN})
    monkeypatch.setenv("DATABRICKS_WAREHOUSE_ID", WAREHOUSE)
    changed.states["dev"] = [each for each in changed.states["dev"] if each["urn"].endswith("::same")]
    changed.record("dev", [])
    assert changed.drift().exit_status == 0
    assert changed.reads()["POST /api/2.0/sql/statements"] == before + 1


def test_a_log_that_can_t_be_read_is_a_note(changed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_WAREHOUSE_ID", "nobody")
    found = changed.drift().workspaces[0]
    what, unread = 'has no SQL warehouse "nobody". Find its id: databricks warehouses list', found.unread
    assert (found.notes, unread) == ((f"Who changed what is not known. The workspace {what}",), ())
