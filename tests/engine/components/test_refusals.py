"""What a refused run leaves behind on the real engine: callers keep their permissions, endpoints their settings."""

from typing import Any

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
TAGS = "      tags: {team: risk}"
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"
FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
RENAME = ("stacks/base.yaml", "route_optimized: true", "route_optimized: true\n      name: other")
REMOVE = ("stacks/Pulumi.local.yaml", "    user-features:", "    fraud-scorer: null\n    user-features:")
Edit = tuple[str, str, str]


def deploy(sandbox: Sandbox, option: str = "") -> None:
    """The stack, whose first endpoint has settings and permissions."""
    sandbox.edit(
        "stacks/base.yaml", TAGS, f"{TAGS}\n      email_notifications: {{on_update_failure: [a@x.org]}}{option}"
    )
    sandbox.pulumi(*UP)


def kept(sandbox: Sandbox) -> list[Any]:
    """What a refusal must leave as it was: the endpoint's id, its settings and its access list."""
    live = sandbox.workspace.get(ENDPOINT)
    access = sandbox.workspace.get(f"/api/2.0/permissions/serving-endpoints/{live['id']}")["access_control_list"]
    return [live["id"], live["email_notifications"], sorted(access, key=str)]


def refuse_and_revert(sandbox: Sandbox, edit: Edit, *command: str) -> list[str]:
    """Run the command on the edited files, which must fail and write nothing; then `up` on the files as they were."""
    before = sandbox.workspace.writes()
    sandbox.edit(*edit)
    assert sandbox.pulumi(*command, check=False).refused
    assert sandbox.workspace.writes() == before
    sandbox.edit(edit[0], edit[2], edit[1])
    sandbox.pulumi(*UP)
    return sandbox.workspace.writes()[len(before) :]


def test_a_refused_replacement_leaves_permissions_and_settings(project: Sandbox) -> None:
    deploy(project)
    before = kept(project)
    for edit, flags in (
        (FLIP, []),
        (FLIP, ["--refresh"]),
        (RENAME, ["--policy-pack", "policies"]),
        (FLIP, ["--refresh", "--policy-pack", "policies"]),
    ):
        assert refuse_and_revert(project, edit, *UP, *flags) == []
    assert kept(project) == before
    project.pulumi(*UP, "--expect-no-changes")


def test_a_refused_deletion_leaves_permissions_and_settings(project: Sandbox) -> None:
    """Of a protected endpoint: taken out of the stack file, and with the whole stack."""
    deploy(project, "\n      protect: true")
    before = kept(project)
    for flags in ([], ["--refresh"]):
        refuse_and_revert(project, REMOVE, *UP, *flags)
        assert kept(project) == before
    writes = project.workspace.writes()
    refused = project.pulumi("destroy", "--yes", "--skip-preview", "--run-program", check=False)
    assert refused.refused
    assert 'Endpoint "fraud-scorer" is protected, so its permissions and settings stay with it' in refused.text
    cut_off = [write for write in project.workspace.writes()[len(writes) :] if "ervicePrincipals" in write]
    assert (cut_off, kept(project)) == ([], before)
    project.pulumi(*UP)
    assert kept(project) == before
    project.pulumi(*UP, "--expect-no-changes")
