"""What the engine has deployed and recorded is as declared, in every resource that a stack can have."""

import pytest

from model_serving.operations.drift.read import read_drift
from model_serving.operations.drift.report import DriftReport, OrphanKind
from tests.support.sandbox import Edit, Sandbox
from tests.support.snapshots import Snapshots

LOCAL = "stacks/Pulumi.local.yaml"
ENTITIES = "      served_entities:\n        current: {entity: main.ml.iris, version: "
EVERYTHING: tuple[Edit, ...] = (
    (
        LOCAL,
        f'{ENTITIES}"2"',
        """\
      description: Sorts flowers
      stopped: true
      permissions: []
      tags: {owner: garden}
      ai_gateway: {usage_tracking: true, rate_limits: [{key: service_principal, principal: checkout, calls: 5}]}
      email_notifications: {on_update_failure: [garden@example.com]}
      telemetry_config: {table_names: {logs_table: main.ml.logs}}
      auto_capture: {catalog_name: main, schema_name: ml, table_name_prefix: iris}
      served_entities:
        current:
          {entity: main.ml.iris@Champion, environment_vars: {KEY: "{{secrets/serving/api-key}}", camelCase: "yes"}""",
    ),
    (
        LOCAL,
        "      permissions:\n        - {group: ml-engineers, level: CAN_QUERY}\n    user-features:",
        "    user-features:",
    ),
    (
        LOCAL,
        "  model-serving:endpoints:",
        """\
  model-serving:secret_scopes:
    callers: {readers: [{group: ml-engineers}, {service_principal: checkout}]}
  model-serving:service_principals:
    checkout:
      entitlements: [workspace-access]
      oauth_secret: {generation: 2, deliver: {secret_scope: callers}}
  model-serving:endpoints:""",
    ),
)


def drift(sandbox: Sandbox) -> DriftReport:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        patch.chdir(sandbox.folder)
        return read_drift(["local"], whole_workspace=True)


def test_what_was_deployed_is_as_declared(snapshots: Snapshots) -> None:
    with snapshots.deployed(*EVERYTHING, policies=False) as sandbox:
        report = drift(sandbox)
        found = {each.name: (each.condition.value, each.fields, each.reason) for each in report.resources}
        names = ("fraud-scorer", "iris-classifier", "user-features", "checkout-app", "callers")
        assert found == dict.fromkeys(names, ("as_declared", (), ""))
        assert (report.workspaces[0].unread, [*report.orphans], report.exit_status) == ((), [], 0)

        workspace = sandbox.workspace
        principal = next(
            each
            for each in workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals")["Resources"]
            if each["displayName"] == "checkout-app"
        )
        secrets = f"/api/2.0/accounts/servicePrincipals/{principal['id']}/credentials/secrets"
        made = workspace.post(secrets, {})["id"]
        workspace.patch(
            "/api/2.0/serving-endpoints/iris-classifier/telemetry-config",
            {"telemetry_config": {"telemetry_profile_id": "by-hand"}},
        )
        report = drift(sandbox)
        assert [(each.kind, each.name) for each in report.orphans] == [(OrphanKind.OAUTH_SECRET, made)]
        changed = {each.name: [field.name for field in each.fields] for each in report.drifted}
        assert changed == {"iris-classifier": ["telemetry_config.telemetry_profile_id"]}
