"""Options of components on the real engine: what survives, what is refused, what an older state keeps."""

from collections.abc import Iterator

import pytest

from tests.support.sandbox import Edit, Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview", "--run-program")
TAGS = "      tags: {team: risk}"
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"


def with_settings(option: str) -> Edit:
    """The option on an endpoint that has settings and permissions too."""
    settings = "email_notifications: {on_update_failure: [a@x.org]}"
    return "stacks/base.yaml", TAGS, f"{TAGS}\n      {settings}\n      {option}"


@pytest.fixture
def protected(snapshots: Snapshots) -> Iterator[Sandbox]:
    with snapshots.deployed(with_settings("protect: true")) as sandbox:
        yield sandbox


def test_retained_endpoint_survives_destroy_unchanged(project: Sandbox) -> None:
    project.edit(*with_settings("retain_on_delete: true"))
    project.pulumi(*UP)
    live = project.workspace.get(ENDPOINT)
    place = f"/api/2.0/permissions/serving-endpoints/{live['id']}"
    access, before = project.workspace.get(place), len(project.workspace.writes())
    project.pulumi(*DESTROY)
    deleted = [write for write in project.workspace.writes()[before:] if "ervicePrincipal" not in write]
    assert sorted(deleted) == [
        "DELETE /api/2.0/serving-endpoints/iris-classifier",
        "DELETE /api/2.0/serving-endpoints/user-features",
    ]
    assert project.workspace.get(ENDPOINT) == live
    left = {entry.get("group_name") for entry in project.workspace.get(place)["access_control_list"]}
    assert left == {entry.get("group_name") for entry in access["access_control_list"]}


def test_protected_endpoint_refuses_destroy(protected: Sandbox) -> None:
    before = protected.workspace.writes()
    refused = protected.pulumi("destroy", "--yes", "--run-program", check=False)
    assert refused.refused, refused.text
    assert 'Endpoint "fraud-scorer" is protected, so its permissions and settings cannot be deleted' in refused.text
    assert protected.workspace.writes() == before


def test_protected_endpoint_survives_destroy_without_preview(protected: Sandbox) -> None:
    live, before = protected.workspace.get(ENDPOINT), len(protected.workspace.writes())
    assert protected.pulumi(*DESTROY, check=False).refused
    assert [write for write in protected.workspace.writes()[before:] if live["id"] in write or ENDPOINT in write] == []
    assert protected.workspace.get(ENDPOINT) == live
    protected.pulumi(*UP)
    assert protected.workspace.get(ENDPOINT)["id"] == live["id"]


def test_protected_endpoint_can_lose_its_settings(protected: Sandbox) -> None:
    before = len(protected.workspace.writes())
    protected.edit("stacks/base.yaml", "\n      email_notifications: {on_update_failure: [a@x.org]}", "")
    protected.pulumi(*UP)
    assert protected.workspace.writes()[before:] == [f"PATCH {ENDPOINT}/notifications"]
    assert not protected.workspace.get(ENDPOINT).get("email_notifications")


def test_secret_of_an_older_state_is_kept(project: Sandbox) -> None:
    """As an older program named it, of which there was one for each principal."""
    numbered, plain = 'resource = f"{name}-secret-{generation}"', 'resource = f"{name}-secret"'
    project.edit("components/service_principal.py", numbered, plain)
    project.pulumi(*UP)
    given = project.outputs()["service_principals"]["checkout"]["client_secret"]
    before = project.workspace.writes()
    project.edit("components/service_principal.py", plain, numbered)
    project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert project.workspace.writes() == before
    assert project.outputs()["service_principals"]["checkout"]["client_secret"] == given
    assert "::checkout-secret-1" in project.pulumi("stack", "--show-urns").text
