"""`model-serving migrate`: what it writes and prints, and who still calls the predecessor."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.databricks import client
from model_serving.databricks.client import Workspace
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.delivery.migrate import status as migrate_status

OLD, NEW = "fraud-scorer", "fraud-scorer-2"
OWN = """\
config:
  databricks:host: {host}
  model-serving:endpoints:
    fraud-scorer:
      # scores payments
      served_entities:
        one: {{entity: main.ml.fraud, version: "7"}}
      ai_gateway: {{usage_tracking: true}}
  model-serving:service_principals:
    checkout: {{application_id: {application}}}
"""
WAREHOUSE = "0123456789abcdef"


class Project:
    """A folder with a stack, the state of its deployment, and the workspace that it is in."""

    def __init__(self, folder: Path, frozen: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.frozen, self.capsys = frozen, capsys
        self.file = folder / "stacks" / "Pulumi.prod.yaml"
        self.state = folder / "state.json"
        self.application, settings = frozen.principal()
        self.caller = Workspace(settings)
        self.file.parent.mkdir()
        self.file.write_text(OWN.format(host=frozen.origin, application=self.application))
        self.deployed: list[dict[str, Any]] = []
        self.record()

    def deploy(self, name: str, resource: str, **members: Any) -> None:
        """Creates the endpoint, with its requests tracked, and puts it into the state."""
        entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
        tracked = {"usage_tracking_config": {"enabled": True}}
        body = {"name": name, "config": {"served_entities": [entity]}, "ai_gateway": tracked, **members}
        made = self.frozen.call("POST", "/api/2.0/serving-endpoints", body)
        entry = {"service_principal_name": self.application, "permission_level": "CAN_QUERY"}
        place = f"/api/2.0/permissions/serving-endpoints/{made['id']}"
        self.frozen.call("PATCH", place, {"access_control_list": [entry]})
        component = f"urn:pulumi:prod::model-serving::{SERVING_ENDPOINT_COMPONENT}::{resource}"
        url = {"url": f"{self.frozen.origin}/serving-endpoints/{name}/invocations"}
        outputs = {"name": name, "servingEndpointId": made["id"], "routeOptimized": False}
        self.deployed += [
            {"urn": component, "type": SERVING_ENDPOINT_COMPONENT, "outputs": url},
            {
                "urn": f"urn:pulumi:prod::model-serving::{MODEL_SERVING}::{resource}",
                "type": MODEL_SERVING,
                "parent": component,
                "outputs": outputs,
            },
        ]
        self.record()

    def record(self) -> None:
        self.state.write_text(json.dumps({"deployment": {"resources": self.deployed}}))

    def ask(self, name: str, *, times: int = 1) -> None:
        for _ in range(times):
            self.caller.call("POST", f"/serving-endpoints/{name}/invocations", {"inputs": [1]})

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = main(["migrate", OLD, "--stack", "prod", *arguments])
        printed = self.capsys.readouterr()
        return status, printed.out, printed.err


@pytest.fixture
def project(
    tmp_path: Path, frozen: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text('#!/bin/sh\n[ "$1 $2" = "stack export" ] && exec cat state.json\nexit 1\n')
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    found = Project(tmp_path, frozen, capsys)  # before there is a token: its caller has a secret
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    monkeypatch.chdir(tmp_path)
    found.deploy(OLD, OLD)
    frozen.clock.advance(60)
    monkeypatch.setattr(migrate_status, "datetime", _Clock(frozen.clock))
    return found


class _Clock:
    """The workspace's clock, for the time since which requests count."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def now(self, zone: Any) -> Any:
        return datetime.fromtimestamp(self._clock.now(), zone)


def test_the_change_is_written_and_its_phases_printed(project: Project) -> None:
    status, out, err = project.run("--set", "route_optimized=true")
    assert status == 0
    assert out.startswith("--- a/stacks/Pulumi.prod.yaml\n+++ b/stacks/Pulumi.prod.yaml\n")
    assert "+      predecessor: {name: fraud-scorer, route_optimized: false}\n" in out
    assert "# scores payments" in project.file.read_text()
    assert "predecessor:" in project.file.read_text()
    assert err == (
        "fraud-scorer of stack prod: fraud-scorer-2 becomes the successor of fraud-scorer (route_optimized)\n"
        "1. This commit creates fraud-scorer-2 with the same permissions and settings. fraud-scorer serves as before.\n"
        "     model-serving review --stack prod\n"
        "     git commit --only -m 'Migrate from fraud-scorer to fraud-scorer-2' -- stacks/Pulumi.prod.yaml\n"
        "     pulumi up --stack prod\n"
        "2. Then move the callers to endpoints.fraud-scorer.url of the outputs. Both answer, and"
        " endpoints.fraud-scorer.predecessor.url is the old one. --back returns at any time.\n"
        "     model-serving migrate fraud-scorer --stack prod --status\n"
        "3. When nobody calls fraud-scorer any more, the next commit retires it.\n"
        "     model-serving migrate fraud-scorer --stack prod --retire\n"
        "stacks/Pulumi.prod.yaml is changed as above\n"
    )


@pytest.mark.parametrize("option", [("--dry-run",), ("--patch", "change.patch")], ids=["dry run", "patch"])
def test_the_stack_file_stays_where_it_is_asked_to(project: Project, option: tuple[str, ...]) -> None:
    before = project.file.read_text()
    status, out, err = project.run("--set", "route_optimized=true", *option)
    assert (status, project.file.read_text()) == (0, before)
    if "--patch" in option:
        assert Path("change.patch").read_text() == out
        assert "Apply it with: git apply change.patch" in err
    else:
        assert "Nothing was written" in err


def test_a_program_reads_the_phases(project: Project) -> None:
    status, out, err = project.run("--set", "route_optimized=true", "--json")
    result = json.loads(out)
    assert (status, err, result["successor"], result["predecessor"]) == (0, "", NEW, OLD)
    assert [phase["commands"][-1].split()[-1] for phase in result["phases"]] == ["prod", "--status", "--retire"]


def test_names_in_the_workspace_are_taken(project: Project) -> None:
    project.frozen.endpoint(NEW)
    _, out, _ = project.run("--set", "route_optimized=true")
    assert "+      name: fraud-scorer-3\n" in out


def test_an_absent_workspace_is_noted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "wrong")
    status, _, err = project.run("--set", "route_optimized=true")
    assert status == 0
    assert err.count("Whether the workspace has an endpoint of the new name is not known: ") == 1


def test_status_shows_who_still_calls(project: Project) -> None:
    project.run("--set", "route_optimized=true")
    project.deploy(NEW, f"{OLD}/{NEW}")
    project.frozen.clock.advance(60)
    project.ask(OLD, times=3)
    project.ask(NEW)
    status, out, _ = project.run("--status", "--warehouse", WAREHOUSE)
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "fraud-scorer of stack prod: both are deployed: callers can move"
    assert any(line.startswith("predecessor fraud-scorer: READY, http") for line in lines)
    assert sum(line.startswith(f"    checkout ({project.application}): 3, the last at ") for line in lines) == 1
    assert lines[-2:] == [
        "next: model-serving migrate fraud-scorer --stack prod --retire",
        "next: model-serving migrate fraud-scorer --stack prod --back",
    ]


def test_status_has_the_figures_as_json(project: Project) -> None:
    project.run("--set", "route_optimized=true")
    project.deploy(NEW, f"{OLD}/{NEW}")
    project.frozen.clock.advance(60)
    project.ask(OLD, times=2)
    _, out, _ = project.run("--status", "--warehouse", WAREHOUSE, "--since", "1h", "--json")
    result = json.loads(out)
    assert (result["stage"], result["successor"]["usage"]["requests"]) == ("both", 0)
    (requester,) = result["predecessor"]["usage"]["requesters"]
    assert (requester["service_principal"], requester["requests"]) == ("checkout", 2)
    assert [source["kind"] for source in result["predecessor"]["usage"]["sources"]] == ["usage table", "metrics"]


def test_status_without_a_warehouse_says_what_is_missing(project: Project) -> None:
    project.run("--set", "route_optimized=true")
    _, out, _ = project.run("--status")
    assert "name a SQL warehouse: set DATABRICKS_WAREHOUSE_ID" in out
    assert "The metrics have the last full minute, until " in out


def test_each_stage_has_a_name(project: Project) -> None:
    def stage() -> str:
        return str(json.loads(project.run("--status", "--json")[1])["stage"])

    assert stage() == "none"
    project.run("--set", "route_optimized=true")
    assert stage() == "declared"
    project.deploy(NEW, f"{OLD}/{NEW}")
    assert stage() == "creating"
    project.frozen.clock.advance(60)
    assert stage() == "both"
    project.run("--retire")
    assert stage() == "retired"
    project.deployed = project.deployed[2:]
    project.record()
    assert stage() == "none"


def test_stopped_endpoints_can_be_moved_between(project: Project) -> None:
    project.run("--set", "route_optimized=true")
    project.deploy(NEW, f"{OLD}/{NEW}")
    project.frozen.clock.advance(60)
    project.frozen.call("POST", f"/api/2.0/serving-endpoints/{NEW}/config:stop", {})
    project.file.write_text(project.file.read_text().replace("      name:", "      stopped: true\n      name:"))
    _, out, _ = project.run("--status")
    assert "both are deployed: callers can move" in out
    assert f"successor {NEW}: stopped" in out


def test_the_way_back_makes_no_third_endpoint(project: Project) -> None:
    project.run("--set", "route_optimized=true")
    project.deploy(NEW, f"{OLD}/{NEW}")
    status, out, err = project.run("--back")
    assert status == 0
    assert "+      predecessor: {name: fraud-scorer-2, route_optimized: true}" in out
    assert "both are live, so nothing is created" in err


def test_a_successor_that_is_not_ready_retires_nothing(project: Project) -> None:
    project.run("--set", "route_optimized=true")
    project.deploy(NEW, f"{OLD}/{NEW}")
    before = project.file.read_text()
    status, _, err = project.run("--retire")
    assert (status, project.file.read_text()) == (1, before)
    assert "fraud-scorer-2 is NOT_READY, so fraud-scorer must stay" in err


def test_a_retirement_is_written_without_the_workspace(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run("--set", "route_optimized=true")
    project.deploy(NEW, f"{OLD}/{NEW}")
    monkeypatch.setattr(client, "_connected", {})
    monkeypatch.setenv("DATABRICKS_TOKEN", "wrong")
    status, out, err = project.run("--retire")
    assert (status, "-      predecessor: " in out) == (0, True)
    assert "Whether fraud-scorer-2 is ready is not known here, and `up` asks again: " in err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 3, "What changes? --set FIELD=VALUE"),
        (("--status", "--back"), 3, "Choose one of --set or --name, --status, --back and --retire"),
        (("--set", "a=b", "--patch", "p", "--dry-run"), 3, "Choose one of --patch and --dry-run"),
        (("--set", "a"), 3, '--set "a" is not FIELD=VALUE'),
        (("--set", "tags.a=b"), 1, "tags.a needs no migration"),
        (("--retire",), 1, "is not being migrated"),
    ],
)
def test_wrong_use_is_a_sentence(project: Project, arguments: tuple[str, ...], status: int, message: str) -> None:
    found, out, err = project.run(*arguments)
    assert (found, out) == (status, "")
    assert message in err


def test_an_unknown_endpoint_names_the_closest(project: Project) -> None:
    assert main(["migrate", "fraud-scorr", "--stack", "prod", "--status"]) == 1
    assert 'no endpoint "fraud-scorr". Did you mean "fraud-scorer"?' in project.capsys.readouterr().err
    assert main(["migrate", OLD, "--stack", "prd", "--status"]) == 3
