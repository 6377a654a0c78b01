"""What can't be read, and answers that can't be trusted: never clean, and within a bound."""

import time
from typing import Any

import pytest

from model_serving.databricks.client import Workspace
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.errors import UserError
from model_serving.operations.drift import sources
from model_serving.operations.drift.report import Condition
from tests.http.operations.drift.conftest import Project

PLAIN: dict[str, Any] = {
    "served_entities": {"one": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}}
}
MANAGED = {**PLAIN, "permissions": [{"group": "ml-engineers", "level": "CAN_QUERY"}]}


def fault(project: Project, pattern: str, status: int = 500, **more: Any) -> None:
    project.call("POST", "/_workspace/faults", {"pattern": pattern, "status": status, "body": "busy", **more})


@pytest.fixture
def deployed(project: Project) -> Project:
    project.declare(endpoints={"managed": MANAGED, "plain": PLAIN})
    project.deploy()
    return project


def test_an_unread_endpoint_is_not_clean(deployed: Project) -> None:
    fault(deployed, "GET /api/2.0/serving-endpoints/plain", times=9)
    report = deployed.drift()
    assert {each.name: each.condition.value for each in report.resources} == {
        "managed": "as_declared",
        "plain": "not_readable",
    }
    assert report.exit_status == 1


def test_unread_permissions_are_not_clean(deployed: Project) -> None:
    fault(deployed, "GET /api/2.0/permissions/*", times=9)
    found = deployed.one("managed")
    assert found.condition is Condition.NOT_READABLE
    assert found.reason.startswith("its permissions can't be read: ")
    deployed.call("PATCH", f"{endpoint_path('managed')}/tags", {"add_tags": [{"key": "by", "value": "hand"}]})
    found = deployed.one("managed")
    assert (found.condition, [each.name for each in found.fields]) == (Condition.DRIFTED, ["tags.by"])
    assert "its permissions can't be read: " in found.reason


def test_who_may_list_but_not_read_sees_nothing_clean(deployed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed.signed_in_as_another(monkeypatch)
    report = deployed.drift(whole=True)
    assert [each.condition for each in report.resources] == [Condition.NOT_READABLE] * 2
    assert all(each.reason.startswith("you may not view it") for each in report.resources)


def test_an_unread_listing_is_said(deployed: Project) -> None:
    fault(deployed, "GET /api/2.0/serving-endpoints", times=9)
    report = deployed.drift(whole=True)
    assert [each.condition for each in report.resources] == [Condition.AS_DECLARED] * 2
    assert "can't be listed, so those made by hand are not known" in report.workspaces[0].unread[0]
    assert report.exit_status == 1


def test_a_listing_that_lies_behind_is_not_believed(deployed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    behind = deployed.call("GET", ENDPOINTS_PATH)
    deployed.declare(endpoints={"managed": MANAGED, "plain": PLAIN, "new": PLAIN})
    deployed.deploy_only("new")
    deployed.call("DELETE", endpoint_path("plain"))
    read = Workspace.find
    monkeypatch.setattr(Workspace, "find", lambda self, path: behind if path == ENDPOINTS_PATH else read(self, path))
    found = {each.name: each.condition.value for each in deployed.drift(whole=True).resources}
    assert found == {"managed": "as_declared", "plain": "missing", "new": "as_declared"}


def test_throttled_reads_wait_as_they_are_told(deployed: Project) -> None:
    fault(deployed, "GET /api/2.0/serving-endpoints/*", status=429, times=1, retry_after=2)
    began = time.monotonic()
    assert deployed.drift().exit_status == 0
    assert 2 <= time.monotonic() - began < 10


def test_reads_end_at_their_bound(deployed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "RETRY_SECONDS", 1)
    fault(deployed, "GET /api/2.0/serving-endpoints/plain", status=429, times=99, retry_after=60)
    began = time.monotonic()
    found = deployed.one("plain")
    assert (found.condition, time.monotonic() - began < 10) == (Condition.NOT_READABLE, True)


def test_a_workspace_that_is_down_is_an_error(deployed: Project) -> None:
    deployed.declare(host="http://127.0.0.1:9", endpoints={"plain": PLAIN})
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        deployed.drift()


def test_files_with_errors_leave_the_state(deployed: Project) -> None:
    (deployed.folder / "stacks" / "Pulumi.dev.yaml").write_text(
        f"config: {{databricks:host: {deployed.frozen.origin}, model-serving:endpoints: {{a: {{}}}}}}"
    )
    report = deployed.drift()
    assert {each.condition for each in report.resources} == {Condition.NOT_READABLE}
    assert "have errors, so nothing is compared with them" in report.workspaces[0].unread[0]


def test_a_stack_that_nobody_deployed_is_not_deployed(project: Project) -> None:
    project.declare(endpoints={"plain": PLAIN})
    assert project.one("plain").condition is Condition.NOT_DEPLOYED
    assert project.drift().workspaces[0].unread == ()
