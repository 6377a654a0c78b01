"""Lost answers to the creation of service principals and secrets, on the real engine: removed or reported."""

import re
from typing import Any

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
SCIM = "/api/2.0/preview/scim/v2/ServicePrincipals"
SECRETS = "/api/2.0/accounts/servicePrincipals/{}/credentials/secrets"
NEW_PRINCIPAL, NEW_SECRET = f"POST {SCIM}", f"POST {SECRETS.format('*')}"


def principals(sandbox: Sandbox) -> list[str]:
    listed = sandbox.workspace.get(SCIM)["Resources"]
    return [each["id"] for each in listed if each["displayName"] == "checkout-app"]


def secrets(sandbox: Sandbox, principal: str) -> list[str]:
    return [each["id"] for each in sandbox.workspace.get(SECRETS.format(principal)).get("secrets", [])]


def lose(sandbox: Sandbox, pattern: str, **fault: Any) -> None:
    sandbox.workspace.post("/_workspace/faults", {"pattern": pattern, "after_handler": True, **fault})


def reads_of_identities(sandbox: Sandbox) -> list[str]:
    made = sandbox.workspace.get("/_workspace/journal")["requests"]
    return [each["path"] for each in made if each["method"] == "GET" and "ervicePrincipals" in each["path"]]


def test_duplicates_are_removed_in_the_same_run(project: Sandbox) -> None:
    theirs = project.workspace.post(SCIM, {"displayName": "Checkout-App"})["id"]
    lose(project, NEW_PRINCIPAL, reset=True)
    lose(project, NEW_SECRET, status=503, error_code="TEMPORARILY_UNAVAILABLE")
    printed = project.pulumi(*UP).text
    (principal,) = principals(project)
    (secret,) = secrets(project, principal)
    removed_principal = re.search(r'Removed service principal "checkout-app" \(id (\d+)\)', printed)
    removed_secret = re.search(rf"Removed OAuth secret (\w+) of service principal {principal}", printed)
    assert removed_principal is not None
    assert removed_secret is not None
    assert [write for write in project.workspace.writes() if write.startswith("DELETE")] == [
        f"DELETE {SCIM}/{removed_principal[1]}",
        f"DELETE {SECRETS.format(principal)}/{removed_secret[1]}",
    ]
    assert theirs in [each["id"] for each in project.workspace.get(SCIM)["Resources"]]
    assert secret != removed_secret[1]
    before, reads = project.workspace.writes(), len(reads_of_identities(project))
    again = project.pulumi(*UP, "--expect-no-changes").text
    assert project.workspace.writes() == before
    assert "warning" not in again
    assert reads_of_identities(project)[reads:] == [SCIM, SECRETS.format(principal)]


def test_leftovers_are_reported_until_removed(project: Sandbox) -> None:
    lose(project, NEW_PRINCIPAL, status=504)
    assert project.pulumi(*UP, check=False).refused
    (orphan,) = principals(project)
    reported = rf'service principal "checkout-app" \(id {orphan}\) without a secret that is not in this stack: .*'
    removal = f"databricks service-principals delete {orphan}"
    printed = re.search(reported, project.pulumi("preview").text)
    assert printed is not None
    assert printed[0].endswith(f"remove it: {removal}")
    lose(project, NEW_SECRET, status=500)
    assert project.pulumi(*UP, check=False).refused
    (principal,) = set(principals(project)) - {orphan}
    (lost,) = secrets(project, principal)
    printed_by_up = project.pulumi(*UP).text
    assert removal in printed_by_up
    assert f"OAuth secret {lost} that is not in this stack, created today (20" in printed_by_up
    assert f"databricks service-principal-secrets-proxy delete {principal} {lost}" in printed_by_up
    project.workspace.delete(f"{SCIM}/{orphan}")
    project.workspace.delete(f"{SECRETS.format(principal)}/{lost}")
    assert "not in this stack" not in project.pulumi(*UP, "--refresh", "--expect-no-changes").text
