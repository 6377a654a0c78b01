"""`permissions: []` on the real engine: nobody but administrators and the creator has access, whoever grants it."""

import pytest

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


def test_grant_by_hand_is_removed_by_plain_up(emptied: tuple[Sandbox, str]) -> None:
    sandbox, path = emptied
    assert direct_entries(sandbox, path) == ["admin@example.com"]
    grant = {"group_name": "ml-engineers", "permission_level": "CAN_MANAGE"}
    sandbox.workspace.patch(path, {"access_control_list": [grant]})
    assert direct_entries(sandbox, path) == ["admin@example.com", "ml-engineers"]
    before = len(sandbox.workspace.writes())
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
