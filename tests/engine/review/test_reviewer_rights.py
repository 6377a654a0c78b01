"""The rights that the reviewing identity needs, as docs/review.md lists them."""

from typing import Any

import httpx
import pytest

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
SECRET = ", oauth_secret: true"
MANAGERS = "- {group: ml-engineers, level: CAN_MANAGE}"
UNITY = "/api/2.1/unity-catalog/permissions"


def call(sandbox: Sandbox, method: str, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {sandbox.workspace.token}"}
    return httpx.request(method, sandbox.workspace.url + path, json=body, headers=headers).raise_for_status().json()


def reviewer(sandbox: Sandbox) -> dict[str, str]:
    """The credentials of a new service principal that may use the models."""
    made = call(sandbox, "POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "reviewer"})
    place = f"/api/2.0/accounts/servicePrincipals/{made['id']}/credentials/secrets"
    grant = {"principal": made["applicationId"], "add": ["USE_CATALOG", "USE_SCHEMA", "EXECUTE"]}
    call(sandbox, "PATCH", f"{UNITY}/catalog/main", {"changes": [grant]})
    secret = call(sandbox, "POST", place, {})["secret"]
    return {"DATABRICKS_CLIENT_ID": made["applicationId"], "DATABRICKS_CLIENT_SECRET": secret, "DATABRICKS_TOKEN": ""}


@pytest.mark.parametrize("has_secret", [False, True], ids=["no secret", "secret"])
def test_only_secrets_need_an_administrator(project: Sandbox, *, has_secret: bool) -> None:
    mine = reviewer(project)
    entry = f"- {{service_principal: {mine['DATABRICKS_CLIENT_ID']}, level: CAN_VIEW}}"
    project.edit("stacks/base.yaml", MANAGERS, f"{MANAGERS}\n        {entry}")
    if not has_secret:
        project.edit("stacks/base.yaml", SECRET, "")
    project.pulumi(*UP)
    for endpoint in project.workspace.get("/api/2.0/serving-endpoints")["endpoints"]:
        level = {"service_principal_name": mine["DATABRICKS_CLIENT_ID"], "permission_level": "CAN_VIEW"}
        place = f"/api/2.0/permissions/serving-endpoints/{endpoint['id']}"
        call(project, "PATCH", place, {"access_control_list": [level]})
    before = project.workspace.writes()
    review = project.pulumi("preview", "--refresh", check=False, **mine)
    assert bool(review.status) is has_secret, review.text
    assert ("manage service principal secrets" in review.text) is has_secret, review.text
    assert project.workspace.writes() == before
