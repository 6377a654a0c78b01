"""What a refused run leaves behind on the real engine: callers keep their permissions, endpoints their settings."""

from typing import Any

from tests.support.sandbox import Edit, Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
TAGS = "      tags: {team: risk}"
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"
FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
RENAME = ("stacks/base.yaml", "route_optimized: true", "route_optimized: true\n      name: other")
REMOVE = ("stacks/Pulumi.local.yaml", "    user-features:", "    fraud-scorer: null\n    user-features:")


def with_settings(option: str = "") -> Edit:
    """Gives the first endpoint, which has permissions, settings and an option too."""
    settings = "email_notifications: {on_update_failure: [a@x.org]}"
    return "stacks/base.yaml", TAGS, f"{TAGS}\n      {settings}{option}"


def kept(sandbox: Sandbox) -> list[Any]:
    """What a refusal must leave as it was: the endpoint's id, its settings and its access list."""
    live = sandbox.workspace.get(ENDPOINT)
    access = sandbox.workspace.get(f"/api/2.0/permissions/serving-endpoints/{live['id']}")["access_control_list"]
    return [live["id"], live["email_notifications"], sorted(access, key=str)]


def refuse(sandbox: Sandbox, edit: Edit, *command: str) -> None:
    """Run the command on the edited files, which must fail and write nothing, and restore the files."""
    before = sandbox.workspace.writes()
    sandbox.edit(*edit)
    assert sandbox.pulumi(*command, check=False).refused
    assert sandbox.workspace.writes() == before
    sandbox.edit(edit[0], edit[2], edit[1])


def test_refused_replacement_keeps_permissions_and_settings(snapshots: Snapshots) -> None:
    with snapshots.deployed(with_settings()) as sandbox:
        before, writes = kept(sandbox), sandbox.workspace.writes()
        # A refresh repairs the state, so nothing follows the two with `--refresh` before the state is looked at.
        for refused in (
            ((FLIP, []), (RENAME, ["--policy-pack", "policies"])),
            ((FLIP, ["--refresh"]), (FLIP, ["--refresh", "--policy-pack", "policies"])),
        ):
            for edit, flags in refused:
                refuse(sandbox, edit, *UP, *flags)
            sandbox.pulumi(*UP, "--expect-no-changes")
        assert (kept(sandbox), sandbox.workspace.writes()) == (before, writes)


def test_refused_deletion_keeps_permissions_and_settings(snapshots: Snapshots) -> None:
    """Of a protected endpoint: taken out of the stack file, and with the whole stack."""
    with snapshots.deployed(with_settings("\n      protect: true")) as sandbox:
        before = kept(sandbox)
        for flags in ([], ["--refresh"]):
            refuse(sandbox, REMOVE, *UP, *flags)
            sandbox.pulumi(*UP)
            assert kept(sandbox) == before
        writes = sandbox.workspace.writes()
        refused = sandbox.pulumi("destroy", "--yes", "--skip-preview", "--run-program", check=False)
        assert refused.refused
        assert 'Endpoint "fraud-scorer" is protected, so its permissions and settings cannot be deleted' in refused.text
        cut_off = [write for write in sandbox.workspace.writes()[len(writes) :] if "ervicePrincipals" in write]
        assert (cut_off, kept(sandbox)) == ([], before)
        sandbox.pulumi(*UP)
        assert kept(sandbox) == before
        sandbox.pulumi(*UP, "--expect-no-changes")
