"""The preflight on the real engine: aliases, what is missing, who may, and a workspace that doesn't answer."""

from typing import Any

import httpx
import pytest

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")


def test_moved_alias_shows_as_a_change(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", 'main.ml.fraud, version: "7"', "main.ml.fraud@Champion")
    project.pulumi(*UP)
    assert served_version(project) == "7"
    httpx.put(
        f"{project.workspace.url}/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion",
        json={"version_num": 9},
        headers={"Authorization": f"Bearer {project.workspace.token}"},
    ).raise_for_status()
    printed = " ".join(project.pulumi("preview", "--diff").text.split())
    assert '"7" => "9"' in printed
    project.pulumi(*UP)
    assert served_version(project) == "9"


def served_version(sandbox: Sandbox) -> str:
    endpoint = sandbox.workspace.get("/api/2.0/serving-endpoints/fraud-scorer")
    entities = endpoint["config"]["served_entities"]
    return next(str(entity["entity_version"]) for entity in entities if entity["name"] == "champion")


def test_all_missing_objects_are_reported_together(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", 'main.ml.fraud, version: "7"', "main.ml.fraud@Chmpion")
    project.edit(
        "stacks/base.yaml",
        'version: "8", workload_size: Small',
        'version: "12", workload_size: Small,'
        ' environment_vars: {A: "{{secrets/serving/nope}}", B: "{{secrets/nope/key}}"}',
    )
    refused = project.pulumi(*UP, check=False)
    assert refused.refused, refused.text
    challenger = "endpoints.fraud-scorer.served_entities.challenger"
    for printed in (
        "4 errors in the stack files; nothing was changed",
        "stacks/base.yaml:12:20 endpoints.fraud-scorer.served_entities.champion.entity: no version of main.ml.fraud",
        f"{challenger}.version: main.ml.fraud has no version 12",
        f'{challenger}.environment_vars.A: secret scope "serving" has no key "nope"',
        f'{challenger}.environment_vars.B: there is no secret scope "nope"',
    ):
        assert printed in refused.text
    assert "Traceback" not in refused.text
    assert project.workspace.writes() == []


def test_invalid_stack_can_be_destroyed(deployed: Sandbox) -> None:
    deployed.edit("stacks/base.yaml", 'main.ml.fraud, version: "7"', "main.ml.fraud@Gone")
    assert deployed.pulumi("destroy", "--yes", "--skip-preview", "--run-program", check=False).refused
    deployed.pulumi("destroy", "--yes", "--skip-preview", "--run-program", MODEL_SERVING_PREFLIGHT="warn")
    assert deployed.workspace.get("/api/2.0/serving-endpoints").get("endpoints", []) == []


def test_missing_privileges_of_creator_are_reported(project: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {project.workspace.token}"}
    made = httpx.post(
        f"{project.workspace.url}/api/2.0/preview/scim/v2/ServicePrincipals",
        json={"displayName": "deployer"},
        headers=headers,
    ).json()
    secret = httpx.post(
        f"{project.workspace.url}/api/2.0/accounts/servicePrincipals/{made['id']}/credentials/secrets",
        json={},
        headers=headers,
    ).json()
    credentials = {
        "DATABRICKS_TOKEN": "",
        "DATABRICKS_CLIENT_ID": made["applicationId"],
        "DATABRICKS_CLIENT_SECRET": secret["secret"],
    }
    before = project.workspace.writes()
    refused = project.pulumi(*UP, check=False, **credentials)
    assert refused.refused, refused.text
    assert "lacks USE CATALOG on main, USE SCHEMA on main.ml, EXECUTE on main.ml.iris" in refused.text
    assert project.workspace.writes() == before


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        ({"DATABRICKS_TOKEN": "unknown"}, "rejects the credentials: Invalid access token."),
        (
            {"DATABRICKS_TOKEN": ""},
            "are set. Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_",
        ),
        (
            {"DATABRICKS_CLIENT_ID": "me"},
            "More than one kind of credentials is set: DATABRICKS_TOKEN and DATABRICKS_",
        ),
    ],
    ids=["unknown", "none", "two kinds"],
)
def test_unusable_credentials_are_reported(project: Sandbox, credentials: dict[str, Any], sentence: str) -> None:
    refused = project.pulumi("preview", check=False, **credentials)
    assert refused.refused, refused.text
    assert sentence in refused.text
    assert "Traceback" not in refused.text


def test_stopped_workspace_is_reported(project: Sandbox) -> None:
    project.edit("stacks/Pulumi.local.yaml", project.workspace.url, "http://127.0.0.1:1")
    refused = project.pulumi("preview", check=False)
    assert refused.refused, refused.text
    assert "http://127.0.0.1:1 does not answer" in refused.text
    assert "Start the embedded workspace in another terminal: make workspace" in refused.text
