"""Service principals and secret scopes that differ, and what is left over of them."""

from typing import Any

import pytest

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.principals import SCIM, oauth_secrets_path
from model_serving.operations.drift.report import Condition, OrphanKind, ResourceDrift
from tests.http.operations.drift.conftest import Project
from tests.support.declared_workspace import principal_state, scope_state

ENTITY = {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}
KEPT = [["permissions-of-a-deleted-principal=kept"]]


@pytest.fixture
def callers(project: Project) -> dict[str, Any]:
    """A stack whose caller may query an endpoint, and gets its credentials in a scope; SCIM's answer for the caller."""
    project.declare(
        name_prefix="dev-",
        endpoints={
            "fraud": {
                "served_entities": {"one": ENTITY},
                "permissions": [{"service_principal": "checkout", "level": "CAN_QUERY"}],
            }
        },
        service_principals={
            "checkout": {
                "display_name": "checkout",
                "entitlements": ["workspace-access"],
                "oauth_secret": {"deliver": {"secret_scope": "callers"}},
            }
        },
        secret_scopes={"callers": {"readers": [{"group": "ml-engineers"}]}},
    )
    body = {"displayName": "dev-checkout", "entitlements": [{"value": "workspace-access"}]}
    made: dict[str, Any] = project.call("POST", f"{SCIM}/ServicePrincipals", body)
    secret = project.call("POST", oauth_secrets_path(made["id"]), {})["id"]
    project.call("POST", "/api/2.0/secrets/scopes/create", {"scope": "dev-callers"})
    acl = {"scope": "dev-callers", "principal": "ml-engineers", "permission": "READ"}
    project.call("POST", "/api/2.0/secrets/acls/put", acl)
    for name in ("client-id", "client-secret"):
        _put(project, f"checkout-{name}")
    project.record("dev", principal_state("dev", "checkout", made, secret, scope="dev-callers"))
    project.record("dev", scope_state("dev", "callers", "dev-callers"))
    project.principals = {"checkout": made["applicationId"]}
    project.deploy()
    return {**made, "secret": secret}


def _put(project: Project, key: str) -> None:
    project.call("POST", "/api/2.0/secrets/put", {"scope": "dev-callers", "key": key, "string_value": "x"})


def others(project: Project) -> dict[str, ResourceDrift]:
    """The service principals and secret scopes by key."""
    return {each.key: each for each in project.drift().resources if each.kind.value != "endpoint"}


def test_declared_callers_are_clean(project: Project, callers: dict[str, Any]) -> None:
    assert callers
    report = project.drift(whole=True)
    assert {each.name: each.condition.value for each in report.resources} == {
        "dev-fraud": "as_declared",
        "dev-checkout": "as_declared",
        "dev-callers": "as_declared",
    }
    assert (report.exit_status, [*report.orphans]) == (0, [])


def test_secrets_that_the_state_lacks_are_orphans(project: Project, callers: dict[str, Any]) -> None:
    made = project.call("POST", oauth_secrets_path(callers["id"]), {})
    _put(project, "by-hand")
    found = [*project.drift().orphans]
    assert [(each.kind, each.subject, each.name) for each in found] == [
        (OrphanKind.OAUTH_SECRET, "checkout", made["id"]),
        (OrphanKind.SECRET_KEY, "dev-callers", "by-hand"),
    ]
    assert found[0].removal == f"databricks service-principal-secrets-proxy delete {callers['id']} {made['id']}"
    assert found[0].when
    assert made["secret"] not in str(found)
    assert project.drift().exit_status == 2


def test_secrets_that_are_gone_are_drift(project: Project, callers: dict[str, Any]) -> None:
    project.call("DELETE", f"{oauth_secrets_path(callers['id'])}/{callers['secret']}")
    project.call("POST", "/api/2.0/secrets/delete", {"scope": "dev-callers", "key": "checkout-client-secret"})
    change = {"Operations": [{"op": "add", "path": "entitlements", "value": [{"value": "allow-cluster-create"}]}]}
    project.call("PATCH", f"{SCIM}/ServicePrincipals/{callers['id']}", change)
    found = others(project)["checkout"]
    assert (found.condition, [(each.name, each.declared, each.live) for each in found.fields]) == (
        Condition.DRIFTED,
        [
            ("entitlements", ["workspace-access"], ["allow-cluster-create", "workspace-access"]),
            ("oauth_secret", "generation 1", None),
            ("oauth_secret.deliver.secret_scope", "dev-callers/checkout-client-secret", None),
        ],
    )


def test_readers_of_a_scope_are_compared(project: Project, callers: dict[str, Any]) -> None:
    assert callers
    project.call("POST", "/api/2.0/secrets/acls/delete", {"scope": "dev-callers", "principal": "ml-engineers"})
    acl = {"scope": "dev-callers", "principal": "users", "permission": "WRITE"}
    project.call("POST", "/api/2.0/secrets/acls/put", acl)
    found = others(project)["callers"]
    assert [(each.name, each.declared, each.live) for each in found.fields] == [
        ("readers.ml-engineers", "READ", None),
        ("readers.users", None, "WRITE"),
    ]
    project.call("POST", "/api/2.0/secrets/scopes/delete", {"scope": "dev-callers"})
    assert others(project)["callers"].condition is Condition.MISSING


def test_a_deleted_caller_is_missing(project: Project, callers: dict[str, Any]) -> None:
    project.call("DELETE", f"{SCIM}/ServicePrincipals/{callers['id']}")
    assert others(project)["checkout"].condition is Condition.MISSING
    found = project.one("dev-fraud")
    assert [(each.name, each.live) for each in found.fields] == [("permissions.service_principal checkout", None)]


@pytest.mark.parametrize("frozen", KEPT, indirect=True)
def test_permissions_of_deleted_principals_are_orphans(project: Project, callers: dict[str, Any]) -> None:
    assert callers
    application = project.call("POST", f"{SCIM}/ServicePrincipals", {"displayName": "former"})
    endpoint = project.one("dev-fraud").id
    entries = [
        {"service_principal_name": application["applicationId"], "permission_level": "CAN_QUERY"},
        {"group_name": "ml-engineers", "permission_level": "CAN_VIEW"},
    ]
    project.call("PATCH", access_list_path(endpoint), {"access_control_list": entries})
    project.call("DELETE", f"{SCIM}/ServicePrincipals/{application['id']}")
    report = project.drift()
    assert [(each.kind, each.subject, each.name) for each in report.orphans] == [
        (OrphanKind.PERMISSION, "dev-fraud", f'service principal "{application["applicationId"]}" has CAN_QUERY')
    ]
    found = project.one("dev-fraud")
    assert [(each.name, each.note) for each in found.fields] == [
        ("permissions.group ml-engineers", "no stack file names this principal")
    ]


def test_what_only_admins_may_read_is_a_note(
    project: Project, callers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callers
    entry = {"service_principal_name": project.signed_in_as_another(monkeypatch), "permission_level": "CAN_MANAGE"}
    endpoint = next(each for each in project.call("GET", "/api/2.0/serving-endpoints")["endpoints"])
    project.call("PATCH", access_list_path(endpoint["id"]), {"access_control_list": [entry]})
    report = project.drift()
    assert project.one("dev-fraud").condition is Condition.AS_DECLARED
    assert (report.exit_status, [*report.drifted], [*report.orphans]) == (0, [], [])
    notes = "\n".join(report.workspaces[0].notes)
    assert 'The OAuth secrets of service principal "checkout" can\'t be read' in notes
