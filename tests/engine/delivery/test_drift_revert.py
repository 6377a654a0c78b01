"""`model-serving drift --revert` on the real engine: exactly what was changed outside is restored, and nothing else."""

import json
from typing import Any

import pytest

from model_serving.cli.main import main
from tests.support.identities import PRINCIPALS, access_list, entry
from tests.support.sandbox import Sandbox

ENDPOINTS = "/api/2.0/serving-endpoints"
LOCAL = "stacks/Pulumi.local.yaml"
SHARES = {"champion": 50, "challenger": 50}


@pytest.fixture
def shell(deployed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A deployed stack, with its environment and folder as those of this process."""
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(deployed.folder)
    return deployed


def drift(sandbox: Sandbox, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the resources of the report by key."""
    file = sandbox.folder / "drift.json"
    status = main(["drift", "--stack", "local", "--output", str(file), *arguments])
    (workspace,) = json.loads(file.read_text(encoding="utf-8"))["workspaces"]
    return status, {each["key"]: each for each in workspace["resources"]}


def change(sandbox: Sandbox) -> None:
    """Somebody moves traffic, changes tags, grants a permission, and deletes an endpoint and an OAuth secret."""
    workspace = sandbox.workspace
    live = workspace.get(f"{ENDPOINTS}/fraud-scorer")
    routes = [{"served_entity_name": name, "traffic_percentage": share} for name, share in SHARES.items()]
    config = {"served_entities": live["config"]["served_entities"], "traffic_config": {"routes": routes}}
    workspace.put(f"{ENDPOINTS}/fraud-scorer/config", config)
    workspace.patch(access_list(live["id"]), {"access_control_list": [entry("users", "CAN_QUERY")]})
    workspace.delete(f"{ENDPOINTS}/iris-classifier")
    workspace.patch(f"{ENDPOINTS}/user-features/tags", {"add_tags": [{"key": "made", "value": "by-hand"}]})
    (principal,) = workspace.get(f"{PRINCIPALS}?filter=displayName%20eq%20%22checkout-app%22")["Resources"]
    secrets = f"/api/2.0/accounts/servicePrincipals/{principal['id']}/credentials/secrets"
    workspace.delete(f"{secrets}/{workspace.get(secrets)['secrets'][0]['id']}")


def test_revert_restores_what_was_chosen(shell: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    change(shell)
    before = shell.workspace.writes()
    status, found = drift(shell)
    conditions = {key: each["condition"] for key, each in found.items() if each["is_drift"]}
    drifted = dict.fromkeys(("fraud-scorer", "user-features", "checkout"), "drifted")
    assert conditions == {**drifted, "iris-classifier": "missing"}
    assert (status, shell.workspace.writes()) == (2, before)

    status, found = drift(shell, "fraud-scorer", "iris-classifier", "--revert", "--yes")
    assert (status, {each["condition"] for each in found.values()}) == (0, {"as_declared"}), capsys.readouterr().err
    made = shell.workspace.writes()[len(before) :]
    assert f"POST {ENDPOINTS}" in made
    assert f"PUT {ENDPOINTS}/fraud-scorer/config" in made
    assert not any("user-features" in each for each in made)

    status, found = drift(shell)
    assert (status, {key for key, each in found.items() if each["is_drift"]}) == (2, {"user-features", "checkout"})
    (field,) = found["user-features"]["fields"]
    assert (field["name"], field["origin"]) == ("tags.made", "outside"), "its state was not refreshed"

    again = len(shell.workspace.writes())
    assert drift(shell, "--revert", "--yes")[0] == 0
    assert len(shell.workspace.writes()) == again + 2, "a tag is removed, and a secret created"
    shell.pulumi("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes")


def test_endpoint_made_again_is_taken_over(shell: Sandbox) -> None:
    workspace = shell.workspace
    live = workspace.get(f"{ENDPOINTS}/iris-classifier")
    entity = {**live["config"]["served_entities"][0], "workload_size": "Large"}
    workspace.delete(f"{ENDPOINTS}/iris-classifier")
    workspace.post(ENDPOINTS, {"name": "iris-classifier", "config": {"served_entities": [entity]}})
    status, found = drift(shell, "iris-classifier")
    assert (status, found["iris-classifier"]["recreated"]) == (2, True)
    made = workspace.get(f"{ENDPOINTS}/iris-classifier")["id"]
    before = len(workspace.writes())
    status, found = drift(shell, "iris-classifier", "--revert", "--yes")
    assert (status, found["iris-classifier"]["condition"], found["iris-classifier"]["id"]) == (0, "as_declared", made)
    assert not any(each.startswith("DELETE") for each in workspace.writes()[before:] if "permissions" not in each)


def test_adopted_change_deploys_nothing(shell: Sandbox) -> None:
    workspace = shell.workspace
    workspace.patch(f"{ENDPOINTS}/user-features/tags", {"add_tags": [{"key": "made", "value": "by-hand"}]})
    before = (shell.folder / LOCAL).read_text(encoding="utf-8")
    assert main(["drift", "--stack", "local", "--adopt", "--write"]) == 0
    assert (shell.folder / LOCAL).read_text(encoding="utf-8") != before
    written = workspace.writes()
    preview = shell.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert workspace.writes() == written, preview.text
    assert drift(shell)[0] == 0
