"""`no-silently-dropped-changes` on the engine: raw resources are reported, components send settings themselves."""

from tests.support.raw_program import PREVIEW, WITH_POLICIES, RawProgram, Violation, violations
from tests.support.sandbox import Sandbox

RAW = "Endpoint('raw', name='raw', tags=[{'key': 'team', 'value': 'risk'}]"
GATEWAY = "aiGateway={'usageTrackingConfig': {'enabled': True}}"
TAGS = "      tags: {team: risk}"
DECLARED = (
    f"{TAGS}\n      ai_gateway: {{usage_tracking: true}}\n      email_notifications: {{on_update_failure: [a@x.org]}}"
)


def test_dropped_changes_of_raw_endpoint_are_reported(
    raw: RawProgram,
) -> None:
    raw.deploy(f"{RAW}, {GATEWAY})")
    kept = raw.run(f"{RAW}, {GATEWAY})", *PREVIEW)
    assert (kept.status, "no-silently-dropped-changes" in kept.text) == (0, False)
    printed = raw.run(f"{RAW}, emailNotifications={{'onUpdateFailures': ['a@x.org']}})", *PREVIEW).text
    assert Violation("no-silently-dropped-changes", "ModelServing", "raw", "advisory") in violations(printed)
    assert "has aiGateway and the program has none" in printed
    assert "emailNotifications of the live endpoint" in printed


def test_changes_sent_by_component_are_not_reported(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", TAGS, DECLARED)
    project.pulumi("up", "--yes", "--skip-preview")
    project.edit("stacks/base.yaml", "a@x.org", "b@x.org")
    changed = project.pulumi("preview", *WITH_POLICIES)
    assert "fraud-scorer-settings" in changed.text
    assert "no-silently-dropped-changes" not in changed.text
    project.edit("stacks/base.yaml", "Scores card payments", "Scores payments")
    refused = project.pulumi("preview", *WITH_POLICIES, check=False)
    assert Violation("no-silently-dropped-changes", "ModelServing", "fraud-scorer", "advisory") in violations(
        refused.text
    )
