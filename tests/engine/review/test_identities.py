"""What review, digest and drift say is the same whoever runs them, and a reader can change nothing."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.identities import PRINCIPALS, Identity, access_list, entry, new_identity
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
CANARY = ("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 75, challenger: 25}")
_BASE, _LOCAL = "stacks/base.yaml", "stacks/Pulumi.local.yaml"
_CALLER = "- {service_principal: checkout, level: CAN_QUERY}"
_MANAGERS = "- {group: ml-engineers, level: CAN_MANAGE}"
_ENGINEERS = "- {group: ml-engineers, level: CAN_QUERY}"


def run(sandbox: Sandbox, shell: Mapping[str, str], *arguments: str) -> tuple[int, Any, str]:
    """The exit status of `model-serving`, its report as data, and all that it printed."""
    report = sandbox.folder / "report.json"
    report.unlink(missing_ok=True)
    ran = subprocess.run(
        [sandbox.python, "-P", "-m", "model_serving", *arguments, "--output", str(report)],
        cwd=sandbox.folder,
        env={**shell, "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), shell.get("PYTHONPATH")]))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    written = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    (found,) = written.get("previews") or written.get("stacks") or [None]
    return ran.returncode, found, ran.stdout


def state_file(sandbox: Sandbox) -> bytes:
    (file,) = Path(sandbox.environment["PULUMI_HOME"]).glob("state/.pulumi/stacks/*/local.json")
    return file.read_bytes()


def declare(sandbox: Sandbox, deployer: Identity, reader: Identity) -> None:
    """Declare who deploys, and CAN_VIEW of the reader on each endpoint."""
    view = f"- {{service_principal: {reader.application_id}, level: CAN_VIEW}}"
    sandbox.edit(_BASE, _MANAGERS, f"{_MANAGERS}\n        {view}")
    sandbox.edit(_LOCAL, _ENGINEERS, f"{_ENGINEERS}\n        {view}")
    sandbox.edit(_LOCAL, _CALLER, f"{_CALLER}\n        {view}")
    text = (sandbox.folder / _LOCAL).read_text(encoding="utf-8")
    declared = f"config:\n  model-serving:deployer: {deployer.application_id}\n"
    (sandbox.folder / _LOCAL).write_text(text.replace("config:\n", declared, 1), encoding="utf-8")


def hand_over(sandbox: Sandbox, deployer: Identity) -> None:
    """Give the endpoints to the deployer, as if it had deployed them: it has CAN_MANAGE, and no longer the admin."""
    for endpoint in sandbox.workspace.get("/api/2.0/serving-endpoints")["endpoints"]:
        listed = sandbox.workspace.get(access_list(endpoint["id"]))["access_control_list"]
        named = [next(each[key] for key in each if key.endswith("_name") and key != "display_name") for each in listed]
        levels = [each["all_permissions"][0]["permission_level"] for each in listed]
        kept = [
            entry(*each) for each in zip(named, levels, strict=True) if each[0] not in ("admin@example.com", "admins")
        ]
        body = {"access_control_list": [*kept, entry(deployer.application_id, "CAN_MANAGE")]}
        sandbox.workspace.put(access_list(endpoint["id"]), body)


def test_every_identity_gets_the_same_report(deployed: Sandbox) -> None:
    workspace, shell = deployed.workspace, deployed.environment
    deployer = new_identity(workspace, "deployer", may_serve=True)
    reader = new_identity(workspace, "reviewer")
    declare(deployed, deployer, reader)
    deployed.pulumi(*UP)
    hand_over(deployed, deployer)
    admins = {"admin": shell, "another admin": new_identity(workspace, "admin", admin=True).shell(shell)}
    readers = {"deployer": deployer.shell(shell), "reader": reader.shell(shell, passphrase=False)}
    before = (state_file(deployed), workspace.writes())
    clean = run(deployed, readers["reader"], "drift", "--stack", "local", "--preview")
    assert (clean[0], clean[1]["order"]) == (0, []), clean[2]
    assert not any(each["drift"] or each["gone"] for each in clean[1]["resources"])

    deployed.edit(*CANARY)
    fraud = workspace.get("/api/2.0/serving-endpoints/fraud-scorer")
    tags = {"add_tags": [{"key": "team", "value": "growth"}]}
    workspace.patch("/api/2.0/serving-endpoints/fraud-scorer/tags", tags)
    workspace.patch(access_list(fraud["id"]), {"access_control_list": [entry("users", "CAN_QUERY")]})
    workspace.delete("/api/2.0/serving-endpoints/iris-classifier")  # its access list stays
    written = workspace.writes()
    found = {
        who: run(deployed, env, "review", "--stack", "local", "--refresh") for who, env in (admins | readers).items()
    }
    assert {who: status for who, (status, _, _) in found.items()} == dict.fromkeys(found, 2), found
    reports = {who: report for who, (_, report, _) in found.items()}
    for report in reports.values():
        report["warnings"] = [each for each in report["warnings"] if "may not read everything" not in each]
    notices = {who: [each["text"] for each in report.pop("notices")] for who, report in reports.items()}
    assert reports["admin"]["digest"]
    assert {json.dumps(report) for report in reports.values()} == {json.dumps(reports["admin"])}
    assert "users" in json.dumps(reports["reader"]["resources"])
    assert [each["key"] for each in reports["reader"]["resources"] if each["gone"]] == ["iris-classifier"]
    unread = "The identity `{}` may not read OAuth secrets (`checkout-secret-1`)"
    assert notices["admin"] == notices["another admin"] == []
    assert [notice.partition(";")[0] for who in readers for notice in notices[who]] == [
        unread.format("deployer"),
        unread.format("reviewer"),
    ]
    assert (before[0], written) == (state_file(deployed), workspace.writes())


def test_another_admin_deploys_what_was_reviewed(deployed: Sandbox) -> None:
    workspace, shell = deployed.workspace, deployed.environment
    other = new_identity(workspace, "admin", admin=True).shell(shell)
    deployed.edit(*CANARY)
    _, report, _ = run(deployed, shell, "review", "--stack", "local", "--refresh")
    before = workspace.writes()
    status, _, printed = run(deployed, other, "deploy", "--stack", "local", "--reviewed", report["digest"])
    assert status == 0, printed
    assert workspace.writes()[len(before) :] == ["PUT /api/2.0/serving-endpoints/fraud-scorer/config"]
    again = run(deployed, other, "deploy", "--stack", "local", "--reviewed", "")
    assert (again[0], "Nothing to deploy" in again[2]) == (0, True), again[2]
    (principal,) = workspace.get(f"{PRINCIPALS}?filter=displayName%20eq%20%22checkout-app%22")["Resources"]
    secrets = f"/api/2.0/accounts/servicePrincipals/{principal['id']}/credentials/secrets"
    workspace.delete(f"{secrets}/{workspace.get(secrets)['secrets'][0]['id']}")
    status, report, printed = run(deployed, shell, "drift", "--stack", "local", "--preview")
    assert (status, [each["key"] for each in report["resources"] if each["gone"]]) == (2, ["checkout"]), printed
