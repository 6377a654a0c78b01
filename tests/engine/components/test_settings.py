"""EndpointSettings on the real engine where things go wrong: refusals, drift, and what another program left behind."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
TAGS = "      tags: {team: risk}"
FAILURES = f"{TAGS}\n      email_notifications: {{on_update_failure: [one@example.com]}}"
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"


@pytest.fixture
def notified(snapshots: Snapshots) -> Iterator[Sandbox]:
    """A deployed stack whose first endpoint has settings."""
    with snapshots.deployed(("stacks/base.yaml", TAGS, FAILURES)) as sandbox:
        yield sandbox


def call(sandbox: Sandbox, method: str, path: str, body: Any) -> None:
    headers = {"Authorization": f"Bearer {sandbox.workspace.token}"}
    httpx.request(method, sandbox.workspace.url + path, json=body, headers=headers).raise_for_status()


def test_refused_setting_is_reported_and_retried(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", TAGS, FAILURES)
    fault = {"pattern": "PATCH /*/notifications", "status": 400, "error_code": "INVALID_PARAMETER_VALUE"}
    call(project, "POST", "/_workspace/faults", fault | {"message": "Invalid email address"})
    refused = project.pulumi(*UP, check=False)
    assert refused.refused, refused.text
    assert 'Settings of serving endpoint "fraud-scorer": Invalid email address' in refused.text
    assert "File " not in refused.text
    project.pulumi(*UP)
    assert project.workspace.get(ENDPOINT)["email_notifications"] == {"on_update_failure": ["one@example.com"]}


def test_timeouts_of_stack_file_apply_to_settings(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", TAGS, FAILURES)
    bounds = "config:\n  databricks:retryTimeoutSeconds: 3\n  databricks:httpTimeoutSeconds: 20\n"
    project.edit("stacks/Pulumi.local.yaml", "config:\n", bounds)
    fault = {"pattern": "PATCH /*/notifications", "status": 503, "body": "no healthy upstream", "times": -1}
    call(project, "POST", "/_workspace/faults", fault)
    refused = project.pulumi(*UP, check=False)
    assert refused.status != 0
    sentence = (
        f'Settings of serving endpoint "fraud-scorer": The workspace {project.workspace.url} answers 503 (no healthy'
        f" upstream) to PATCH {ENDPOINT}/notifications, tried for "
    )
    assert sentence in refused.text
    assert "Run the same command again when it is available" in refused.text
    assert "one@example.com" not in refused.text
    project.workspace.delete("/_workspace/faults")
    reset = {"pattern": "GET /.well-known/databricks-config", "reset": True}
    call(project, "POST", "/_workspace/faults", reset)
    project.pulumi(*UP)
    assert project.workspace.get(ENDPOINT)["email_notifications"] == {"on_update_failure": ["one@example.com"]}


def test_manual_change_is_drift_and_reverted(notified: Sandbox) -> None:
    call(notified, "PATCH", f"{ENDPOINT}/notifications", {"email_notifications": {"on_update_failure": ["two@x.org"]}})
    assert notified.pulumi("preview", "--refresh", "--expect-no-changes", check=False).changes_found
    notified.pulumi(*UP, "--refresh")
    assert notified.workspace.get(ENDPOINT)["email_notifications"] == {"on_update_failure": ["one@example.com"]}


def test_deleted_endpoint_is_recreated_with_settings(notified: Sandbox) -> None:
    notified.workspace.delete(ENDPOINT)
    notified.pulumi(*UP, "--refresh")
    assert notified.workspace.get(ENDPOINT)["email_notifications"] == {"on_update_failure": ["one@example.com"]}
    notified.pulumi(*UP, "--refresh", "--expect-no-changes")


@pytest.mark.parametrize(
    "edited", [TAGS, f"{TAGS}\n      ai_gateway: {{usage_tracking: false}}"], ids=["gone", "changed"]
)
def test_older_gateway_does_not_crash_the_provider(project: Sandbox, edited: str) -> None:
    """As an older state has it, whose program declared the gateway on the provider's resource."""
    files = [project.folder / "components" / name for name in ("inputs.py", "serving_endpoint.py")]
    now = [file.read_text(encoding="utf-8") for file in files]
    sent = "return EndpointInputs(inputs"
    older = f'{sent} | {{"aiGateway": {{"usageTrackingConfig": {{"enabled": True}}}}}}'
    project.edit("components/inputs.py", sent, older)
    project.edit("components/serving_endpoint.py", '"aiGateway", ', "")
    project.pulumi(*UP)
    for file, text in zip(files, now, strict=True):
        file.write_text(text, encoding="utf-8")
    project.edit("stacks/base.yaml", TAGS, edited)
    before = project.workspace.writes()
    project.pulumi(*UP)
    writes = [f"PUT {ENDPOINT}/ai-gateway"] if edited != TAGS else []
    assert project.workspace.writes()[len(before) :] == writes
    project.pulumi(*UP, "--expect-no-changes")


def test_destroy_makes_only_deletions(notified: Sandbox) -> None:
    before = len(notified.workspace.writes())
    notified.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert {write.partition(" ")[0] for write in notified.workspace.writes()[before:]} == {"DELETE"}
