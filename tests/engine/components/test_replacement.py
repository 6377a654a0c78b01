"""A live endpoint that would be replaced, on the real engine: refused, until the stack file names its id."""

import re
from collections.abc import Iterator

import pytest

from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
WITH_POLICIES = ("--policy-pack", "policies")
BASE, LOCAL = "stacks/base.yaml", "stacks/Pulumi.local.yaml"
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"
PERMISSIONS = "/api/2.0/permissions/serving-endpoints"
FIRST = "    iris-classifier:\n"
TAGS = "      tags: {team: risk}"
SETTINGS = """
      email_notifications: {on_update_failure: [a@x.org]}
      auto_capture: {catalog_name: main, schema_name: ml, table_name_prefix: one}"""
WITH_SETTINGS = (BASE, TAGS, f"{TAGS}{SETTINGS}")
CHANGES = {
    "route optimization": ("route_optimized: true", "route_optimized: false"),
    "description": ("description: Scores card payments", "description: Scores payments"),
    "budget policy": (TAGS, f"{TAGS}\n      budget_policy_id: policy-1"),
    "inference table": ("table_name_prefix: one", "table_name_prefix: two"),
}


@pytest.fixture(scope="module")
def with_settings(snapshots: Snapshots) -> Iterator[Sandbox]:
    """A stack whose first endpoint has all that a replacement must restore. Tests may replace it, in any order."""
    with snapshots.deployed(WITH_SETTINGS) as sandbox:
        yield sandbox


def replace_after_a_refusal(sandbox: Sandbox, *flags: str) -> list[str]:
    """The writes of the replacement. Before it, preview and `up` must refuse it and name the endpoint's id."""
    endpoint_id, before = sandbox.outputs()["endpoints"]["fraud-scorer"]["id"], sandbox.workspace.writes()
    allowed = f"`replace_id: {endpoint_id}` on the endpoint in the stack's own file"
    for command in (("preview", *flags), (*UP, *flags)):
        refused = sandbox.pulumi(*command, check=False)
        assert (refused.refused, allowed in refused.text) == (True, True), refused.text
    assert sandbox.workspace.writes() == before
    sandbox.edit(LOCAL, FIRST, f"    fraud-scorer: {{replace_id: {endpoint_id}}}\n{FIRST}")
    sandbox.pulumi(*UP, *flags, *WITH_POLICIES)
    replaced = [write.replace(endpoint_id, "OLD") for write in sandbox.workspace.writes()[len(before) :]]
    sandbox.edit(LOCAL, f"    fraud-scorer: {{replace_id: {endpoint_id}}}\n", "")
    sandbox.pulumi(*UP, "--expect-no-changes")
    return replaced


def check_replacement(sandbox: Sandbox, writes: list[str], path: str = ENDPOINT) -> None:
    """The old endpoint was deleted before the new one was created, and that has what the old one had."""
    live = sandbox.workspace.get(path)
    assert writes[:2] == [f"DELETE {ENDPOINT}", "POST /api/2.0/serving-endpoints"]
    assert sorted(writes[2:]) == sorted(
        [f"PATCH {path}/notifications", f"PUT {PERMISSIONS}/{live['id']}", f"PUT {PERMISSIONS}/OLD"]
    )
    callers = sandbox.workspace.get(f"{PERMISSIONS}/{live['id']}")["access_control_list"]
    assert {"checkout-app", "ml-engineers"} <= {
        entry.get("display_name") or entry.get("group_name") for entry in callers
    }
    assert live["email_notifications"] == {"on_update_failure": ["a@x.org"]}


def test_replace_option_needs_the_id_in_the_stack_file(with_settings: Sandbox) -> None:
    (urn,) = set(re.findall(r"urn:\S+ModelServing::fraud-scorer", with_settings.pulumi("stack", "--show-urns").text))
    before = with_settings.workspace.writes()
    assert with_settings.pulumi(*UP, "--target-replace", urn, check=False).refused
    assert with_settings.workspace.writes() == before
    check_replacement(with_settings, replace_after_a_refusal(with_settings, "--replace", urn))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_immutable_field_needs_the_id_in_the_stack_file(with_settings: Sandbox, change: tuple[str, str]) -> None:
    with_settings.edit(BASE, *change)
    check_replacement(with_settings, replace_after_a_refusal(with_settings))


def test_name_needs_the_id_in_the_stack_file(snapshots: Snapshots) -> None:
    with snapshots.deployed(WITH_SETTINGS) as project:
        project.edit(BASE, TAGS, f"{TAGS}\n      name: card-scorer")
        check_replacement(project, replace_after_a_refusal(project), "/api/2.0/serving-endpoints/card-scorer")


@pytest.mark.parametrize("child", ["permissions", "settings"])
def test_replaced_permissions_and_settings_are_there_afterwards(with_settings: Sandbox, child: str) -> None:
    (urn,) = set(re.findall(rf"urn:\S+::fraud-scorer-{child}", with_settings.pulumi("stack", "--show-urns").text))

    def live_state() -> list[object]:
        live = with_settings.workspace.get(ENDPOINT)
        access = with_settings.workspace.get(f"{PERMISSIONS}/{live['id']}")["access_control_list"]
        return [live["email_notifications"], sorted(access, key=str)]

    before = live_state()
    with_settings.pulumi(*UP, "--replace", urn)
    assert live_state() == before


def test_external_model_in_place_of_a_custom_one_needs_the_id(deployed: Sandbox) -> None:
    """What the provider would update in place; the policy pack, which refuses external models, is left out."""
    custom = '{entity: main.ml.iris, version: "2", workload_size: Small, scale_to_zero: true}'
    deployed.edit(LOCAL, custom, "{external_model: {provider: openai, name: gpt-4o, task: llm/v1/chat}}")
    endpoint_id, before = deployed.outputs()["endpoints"]["iris-classifier"]["id"], deployed.workspace.writes()
    assert f"`replace_id: {endpoint_id}`" in deployed.pulumi(*UP, check=False).text
    assert deployed.workspace.writes() == before
    deployed.edit(LOCAL, FIRST, f"{FIRST}      replace_id: {endpoint_id}\n")
    deployed.pulumi(*UP)
    assert deployed.workspace.writes()[len(before) :][:2] == [
        "DELETE /api/2.0/serving-endpoints/iris-classifier",
        "POST /api/2.0/serving-endpoints",
    ]
