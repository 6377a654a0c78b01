"""`permissions: []` on the real engine: nobody but administrators and the creator has access, whoever grants it."""

import json
from pathlib import Path

import pytest

from model_serving.cli.main import main
from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
LISTED = "      permissions:\n        - {group: ml-engineers, level: CAN_QUERY}\n"
ENDPOINT = "/api/2.0/serving-endpoints/iris-classifier"


def direct_entries(sandbox: Sandbox, path: str) -> list[str]:
    """The principals of the entries that are not inherited."""
    entries = sandbox.workspace.get(path)["access_control_list"]
    direct = [each for each in entries if not all(every["inherited"] for every in each["all_permissions"])]
    return [each.get("group_name") or each.get("user_name") for each in direct]


@pytest.fixture
def emptied(deployed: Sandbox) -> tuple[Sandbox, str]:
    """A deployed stack with an endpoint whose list was emptied, and the path of that list."""
    deployed.edit("stacks/Pulumi.local.yaml", LISTED, "      permissions: []\n")
    deployed.pulumi(*UP)
    return deployed, f"/api/2.0/permissions/serving-endpoints/{deployed.workspace.get(ENDPOINT)['id']}"


def reviewed_grants(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None, str | None]]:
    """Who gains and loses which level, in a review."""
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(sandbox.folder)
    assert main(["review", "--stack", "local", "--refresh", "--output", "report.json"]) == 2
    (report,) = json.loads(Path("report.json").read_text(encoding="utf-8"))["stacks"]
    (change,) = [each for each in report["resources"] if each["key"] == "iris-classifier"]
    assert not any(each["rule"] == "no-undeclared-permissions" for each in change["violations"])
    return [(each["principal"], each["before"], each["after"]) for each in change["grants"]]


def test_grant_by_hand_is_reviewed_and_removed(emptied: tuple[Sandbox, str], monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, path = emptied
    assert direct_entries(sandbox, path) == ["admin@example.com"]
    grant = {"group_name": "ml-engineers", "permission_level": "CAN_MANAGE"}
    sandbox.workspace.patch(path, {"access_control_list": [grant]})
    assert direct_entries(sandbox, path) == ["admin@example.com", "ml-engineers"]
    before = len(sandbox.workspace.writes())
    assert reviewed_grants(sandbox, monkeypatch) == [("ml-engineers (group)", "CAN_MANAGE", None)]
    sandbox.pulumi(*UP)
    assert direct_entries(sandbox, path) == ["admin@example.com"]
    assert sandbox.workspace.writes()[before:] == [f"PUT {path}"]
    sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
    sandbox.pulumi(*UP, "--expect-no-changes")
    assert sandbox.workspace.writes()[before:] == [f"PUT {path}"]


def test_removed_key_leaves_the_list_alone(emptied: tuple[Sandbox, str]) -> None:
    sandbox, path = emptied
    sandbox.edit("stacks/Pulumi.local.yaml", "      permissions: []\n", "")
    before = sandbox.workspace.writes()
    sandbox.pulumi(*UP)
    assert sandbox.workspace.writes() == before
    assert direct_entries(sandbox, path) == ["admin@example.com"]
