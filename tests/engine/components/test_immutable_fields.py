"""The second lock on the real engine, without the policy pack: nothing is touched, and what should go can go."""

import re

import pytest

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")


@pytest.mark.parametrize(
    ("edited", "message"),
    [
        (
            "route_optimized: false",
            "route_optimized: true -> false: route optimization is chosen when the endpoint is",
        ),
        ("route_optimized: true\n      name: other", 'name: "fraud-scorer" -> "other": the name is the endpoint'),
    ],
    ids=["flip", "rename"],
)
def test_immutable_field_stops_preview_and_up(deployed: Sandbox, edited: str, message: str) -> None:
    before = deployed.workspace.writes()
    deployed.edit("stacks/base.yaml", "route_optimized: true", edited)
    for command in (("preview",), UP):
        refused = deployed.pulumi(*command, check=False)
        assert refused.refused, refused.text
        assert message in refused.text
        assert "Traceback" not in refused.text
    assert deployed.workspace.writes() == before
    deployed.edit("stacks/base.yaml", edited, "route_optimized: true")
    deployed.pulumi("preview", "--expect-no-changes")


def test_replace_id_allows_only_one_replacement(deployed: Sandbox) -> None:
    endpoint_id = deployed.outputs()["endpoints"]["fraud-scorer"]["id"]
    first = "    iris-classifier:\n"
    deployed.edit("stacks/Pulumi.local.yaml", first, f"    fraud-scorer: {{replace_id: {endpoint_id}}}\n{first}")
    deployed.edit("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
    deployed.pulumi(*UP)
    replaced = deployed.workspace.writes()
    deployed.edit("stacks/base.yaml", "route_optimized: false", "route_optimized: true")
    refused = deployed.pulumi(*UP, check=False)
    assert refused.refused
    assert f"`replace_id: {endpoint_id}` is declared, which is another endpoint's id" in refused.text
    assert deployed.workspace.writes() == replaced


def test_removed_endpoints_are_deleted(deployed: Sandbox) -> None:
    before = deployed.workspace.writes()
    stack_file = deployed.folder / "stacks" / "Pulumi.local.yaml"
    deployed.edit("stacks/Pulumi.local.yaml", "    user-features:", "    fraud-scorer: null\n    user-features:")
    deployed.pulumi(*UP)
    assert deployed.workspace.writes()[len(before) :] == ["DELETE /api/2.0/serving-endpoints/fraud-scorer"]
    text = stack_file.read_text(encoding="utf-8")
    none_left = re.sub(
        r"(?ms)^  model-serving:endpoints:$.*?^(?=\S)", "  model-serving:endpoints: {fraud-scorer: null}\n", text
    )
    stack_file.write_text(none_left, encoding="utf-8")
    deployed.pulumi(*UP)
    assert deployed.workspace.get("/api/2.0/serving-endpoints").get("endpoints", []) == []


def test_destroy_without_program_is_refused(deployed: Sandbox) -> None:
    before = deployed.workspace.writes()
    refused = deployed.pulumi("destroy", "--yes", "--skip-preview", check=False, PULUMI_RUN_PROGRAM="false")
    assert refused.refused, refused.text
    assert "You must run with the `--run-program` flag" in refused.text
    assert deployed.workspace.writes() == before
    deployed.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert deployed.workspace.get("/api/2.0/serving-endpoints").get("endpoints", []) == []
