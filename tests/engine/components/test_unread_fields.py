"""What the service accepts and never returns, on the real engine: nothing of it is drift, and real changes are."""

from collections.abc import Iterator

import pytest

from tests.support.sandbox import Sandbox
from tests.support.snapshots import IMMEDIATE, Snapshots

UP = ("up", "--yes", "--skip-preview")
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"
AS_DATABRICKS = ("--switch", "direct-url=later", "--switch", "missing-endpoint=without-code")
TAGS = "      tags: {team: risk}"
DECLARED = f"""{TAGS}
      ai_gateway: {{usage_tracking: true}}
      telemetry_config:
        table_names: {{logs_table: main.ml.logs}}
        inference_table_config: {{sampling_fraction: 0.5}}"""
BURSTS = ('champion: {entity: main.ml.fraud, version: "7", ', "burst_scaling: true, ")


@pytest.fixture
def strict(snapshots: Snapshots) -> Iterator[Sandbox]:
    """The project beside a workspace that answers as the service does where that is least convenient."""
    edits = (("stacks/base.yaml", TAGS, DECLARED), ("stacks/base.yaml", BURSTS[0], "".join(BURSTS)))
    with snapshots.deployed(*edits, options=(*IMMEDIATE, *AS_DATABRICKS)) as sandbox:
        yield sandbox


def profile(sandbox: Sandbox) -> str:
    telemetry_profile = sandbox.workspace.get(ENDPOINT)["telemetry_config"]["telemetry_profile_id"]
    assert isinstance(telemetry_profile, str)
    return telemetry_profile


def test_second_run_writes_nothing(strict: Sandbox) -> None:
    before, made = strict.workspace.writes(), profile(strict)
    assert strict.outputs()["endpoints"]["fraud-scorer"]["url"] == strict.workspace.get(ENDPOINT)["endpoint_url"]
    strict.pulumi(*UP, "--expect-no-changes")
    strict.pulumi(*UP, "--refresh", "--expect-no-changes")
    strict.pulumi(*UP, "--expect-no-changes")
    assert strict.workspace.writes() == before
    assert profile(strict) == made


def test_outside_change_is_drift_and_reverted(strict: Sandbox) -> None:
    for body in ({"telemetry_config": {"telemetry_profile_id": "by hand"}}, {}):
        strict.workspace.patch(f"{ENDPOINT}/telemetry-config", body)
        before = strict.workspace.writes()
        assert strict.pulumi("preview", "--refresh", "--expect-no-changes", check=False).status
        strict.pulumi(*UP, "--refresh")
        assert strict.workspace.writes()[len(before) :] == [f"PATCH {ENDPOINT}/telemetry-config"]
        assert profile(strict) != "by hand"
    strict.pulumi(*UP, "--refresh", "--expect-no-changes")


def test_removed_gateway_and_deleted_endpoint_are_reconciled(strict: Sandbox) -> None:
    strict.edit("stacks/base.yaml", "      ai_gateway: {usage_tracking: true}\n", "")
    strict.pulumi(*UP)
    assert "ai_gateway" not in strict.workspace.get(ENDPOINT)
    strict.pulumi(*UP, "--refresh", "--expect-no-changes")
    strict.workspace.delete(ENDPOINT)
    strict.pulumi(*UP, "--refresh")
    assert strict.outputs()["endpoints"]["fraud-scorer"]["url"] == strict.workspace.get(ENDPOINT)["endpoint_url"]
    strict.pulumi(*UP, "--refresh", "--expect-no-changes")
