"""`pulumi destroy --run-program` on the real engine, from states that a failed `up` left half made."""

import json

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview", "--run-program")
TAGS = "      tags: {team: risk}"
SETTINGS = f"{TAGS}\n      ai_gateway: {{usage_tracking: true}}"
CREATIONS = {
    "a principal": "POST /api/2.0/preview/scim/v2/ServicePrincipals",
    "a secret": "POST /api/2.0/accounts/servicePrincipals/*/credentials/secrets",
    "an endpoint": "POST /api/2.0/serving-endpoints",
    "permissions": "PUT /api/2.0/permissions/serving-endpoints/*",
    "settings": "PUT /api/2.0/serving-endpoints/fraud-scorer/ai-gateway",
}


def left(sandbox: Sandbox) -> list[str]:
    """What is still in the workspace, and in the stack besides the stack itself."""
    endpoints = sandbox.workspace.get("/api/2.0/serving-endpoints").get("endpoints", [])
    principals = sandbox.workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals").get("Resources", [])
    state = json.loads(sandbox.pulumi("stack", "export").text)["deployment"].get("resources", [])
    return (
        [each["name"] for each in endpoints]
        + [each["displayName"] for each in principals]
        + [each["urn"] for each in state]
    )


def test_destroy_works_after_a_failed_creation(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", TAGS, SETTINGS)
    nothing = left(project)
    for what, request in CREATIONS.items():
        fault = {"pattern": request, "status": 400, "error_code": "INVALID_PARAMETER_VALUE", "message": "Not now"}
        project.workspace.post("/_workspace/faults", fault)
        failed = project.pulumi(*UP, check=False)
        assert failed.refused, what
        assert "Not now" in failed.text, what
        destroyed = project.pulumi(*DESTROY, check=False)
        assert (destroyed.status, left(project)) == (0, nothing), f"{what}: {destroyed.text}"
