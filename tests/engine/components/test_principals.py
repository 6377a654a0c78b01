"""Service principals and permissions on the real engine: what is granted, rotation, and no diff that comes back."""

from typing import Any

import httpx
import pytest

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
PRINCIPAL = "checkout: {display_name: checkout-app, oauth_secret: true}"
MANAGERS = "- {group: ml-engineers, level: CAN_MANAGE}"


def post(sandbox: Sandbox, path: str, body: Any) -> Any:
    answer = httpx.post(
        sandbox.workspace.url + path, json=body, headers={"Authorization": f"Bearer {sandbox.workspace.token}"}
    )
    return answer.raise_for_status().json()


def grants(sandbox: Sandbox) -> dict[str, Any]:
    """What is granted to the stack's service principal, by securable."""
    principal = sandbox.outputs()["service_principals"]["checkout"]["application_id"]
    granted = {}
    for securable in ("catalog/main", "schema/main.ml", "function/main.ml.fraud", "table/main.ml.payments"):
        listed = sandbox.workspace.get(f"/api/2.1/unity-catalog/permissions/{securable}").get(
            "privilege_assignments", []
        )
        privileges = [entry["privileges"] for entry in listed if entry["principal"] == principal]
        granted[securable] = privileges[0] if privileges else []
    return granted


def secret_ids(sandbox: Sandbox) -> list[str]:
    principals = sandbox.workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals")["Resources"]
    principal_id = next(one["id"] for one in principals if one["displayName"] == "checkout-app")
    listed = sandbox.workspace.get(f"/api/2.0/accounts/servicePrincipals/{principal_id}/credentials/secrets")
    return [secret["id"] for secret in listed.get("secrets", [])]


def test_principal_gets_only_needed_grants(project: Sandbox) -> None:
    project.edit(
        "stacks/base.yaml",
        PRINCIPAL,
        "checkout: {display_name: checkout-app, entitlements: [workspace-access], serves: [fraud-scorer],"
        " grants: {tables: [main.ml.payments]}}",
    )
    project.pulumi(*UP)
    assert grants(project) == {
        "catalog/main": ["USE_CATALOG"],
        "schema/main.ml": ["USE_SCHEMA"],
        "function/main.ml.fraud": ["EXECUTE"],
        "table/main.ml.payments": ["SELECT"],
    }
    before = project.workspace.writes()
    project.pulumi(*UP, "--refresh", "--expect-no-changes")
    assert project.workspace.writes() == before
    project.edit("stacks/base.yaml", ", serves: [fraud-scorer], grants: {tables: [main.ml.payments]}", "")
    project.pulumi(*UP)
    assert set(map(tuple, grants(project).values())) == {()}


def test_rotated_secret_lives_one_more_generation(deployed: Sandbox) -> None:
    first, given = secret_ids(deployed), deployed.outputs()["service_principals"]["checkout"]["client_secret"]
    deployed.edit("stacks/base.yaml", "oauth_secret: true", "oauth_secret: {generation: 2}")
    deployed.pulumi(*UP)
    second = secret_ids(deployed)
    assert (len(first), set(first) < set(second), len(second)) == (1, True, 2)
    assert deployed.outputs()["service_principals"]["checkout"]["client_secret"] != given
    deployed.edit("stacks/base.yaml", "generation: 2", "generation: 3")
    deployed.pulumi(*UP)
    third = secret_ids(deployed)
    assert (len(third), set(third) & set(first), len(set(third) & set(second))) == (2, set(), 1)
    deployed.pulumi(*UP, "--refresh", "--expect-no-changes")


def test_existing_principal_is_left_unchanged(project: Sandbox) -> None:
    theirs = post(project, "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "theirs"})
    project.edit("stacks/base.yaml", PRINCIPAL, f"checkout: {{application_id: {theirs['applicationId']}}}")
    project.pulumi(*UP)
    outputs = project.outputs()
    assert outputs["service_principals"]["checkout"]["application_id"] == theirs["applicationId"]
    assert "ServicePrincipals" not in " ".join(project.workspace.writes()[1:])
    endpoint_id = outputs["endpoints"]["fraud-scorer"]["id"]
    access = project.workspace.get(f"/api/2.0/permissions/serving-endpoints/{endpoint_id}")["access_control_list"]
    assert theirs["applicationId"] in [entry.get("service_principal_name") for entry in access]


@pytest.mark.parametrize("caller", ["user", "service principal"])
def test_callers_own_permission_shows_no_diff(project: Sandbox, caller: str) -> None:
    post(project, "/_workspace/seed", {"users": [{"user_name": "Ann.Lee@example.com"}]})
    environment: dict[str, Any] = {}
    declared = "{user: admin@example.com, level: CAN_MANAGE}"
    if caller == "service principal":
        name, secret = administrating_principal(project)
        environment = {"DATABRICKS_TOKEN": "", "DATABRICKS_CLIENT_ID": name, "DATABRICKS_CLIENT_SECRET": secret}
        declared = f"{{service_principal: {name}, level: CAN_MANAGE}}"
    extra = f"{MANAGERS}\n        - {{user: Ann.Lee@example.com, level: CAN_VIEW}}\n        - {declared}"
    project.edit("stacks/base.yaml", MANAGERS, extra)
    project.pulumi(*UP, **environment)
    before = project.workspace.writes()
    project.pulumi(*UP, "--expect-no-changes", **environment)
    project.pulumi(*UP, "--refresh", "--expect-no-changes", **environment)
    assert project.workspace.writes() == before


def administrating_principal(sandbox: Sandbox) -> tuple[str, str]:
    """The application id and a secret of the service principal that administrates the workspace."""
    principals = sandbox.workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals")["Resources"]
    administrator = next(one for one in principals if one["displayName"] == "workspace-admin")
    secret = post(sandbox, f"/api/2.0/accounts/servicePrincipals/{administrator['id']}/credentials/secrets", {})
    return administrator["applicationId"], secret["secret"]
