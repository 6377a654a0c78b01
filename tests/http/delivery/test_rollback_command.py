"""`model-serving rollback` without the engine: what it says, asks, refuses and writes."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.databricks import client
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.delivery.rollback import free_stack

LISTING = "/api/2.0/serving-endpoints"
STACK = """\
config:
  databricks:host: {host}
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {champion}
        challenger: {{entity: main.ml.fraud, version: "8", workload_size: Small}}
      traffic: {{champion: 0, challenger: 100}}
"""
PINNED = '{entity: main.ml.fraud, version: "7", workload_size: Small}'
ALIAS = "{entity: main.ml.fraud@Champion, workload_size: Small}"
PULUMI = """\
#!{python}
import json, os, sys, urllib.request
if sys.argv[1:3] == ["stack", "export"]:
    print(open("state.json").read())
    sys.exit()
open("runs", "a").write(" ".join(sys.argv[1:]) + "\\n")
if os.path.exists("fails"):
    print(open("fails").read())
    sys.exit(255)
if sys.argv[1] == "refresh":
    sys.exit()
wanted = json.load(open(os.environ["MODEL_SERVING_ROLLOUT"]))["restore"]
url = os.environ["DATABRICKS_HOST"] + "/api/2.0/serving-endpoints/" + wanted["name"]
headers = {{"Authorization": "Bearer " + os.environ["DATABRICKS_TOKEN"]}}
live = json.load(urllib.request.urlopen(urllib.request.Request(url, headers=headers)))
names = ("name", "entity_name", "entity_version", "workload_size", "scale_to_zero_enabled")
entities = [{{name: each[name] for name in names}} for each in live["config"]["served_entities"]]
routes = [{{"served_model_name": name, "traffic_percentage": share}} for name, share in wanted["traffic"].items()]
body = json.dumps({{"served_entities": entities, "traffic_config": {{"routes": routes}}}}).encode()
urllib.request.urlopen(urllib.request.Request(url + "/config", body, headers, method="PUT"))
while True:
    live = json.load(urllib.request.urlopen(urllib.request.Request(url, headers=headers)))
    if live["state"]["config_update"] != "IN_PROGRESS":
        break
"""
LOCKED = """\
error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file
  file:///state/.pulumi/locks/x.json: created by ann@ci-7 (pid 4711) at 2026-11-20T10:00:00Z
"""


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@dataclass
class Operator:
    """Somebody in the folder of a project whose endpoint serves the challenger alone."""

    frozen: Any
    folder: Path
    endpoint: str = "fraud"
    time_passes_after: str = ""
    """Deployments end once the command has written this."""

    def declare(self, champion: str = PINNED) -> None:
        text = STACK.format(host=self.frozen.origin, champion=champion)
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text(text)

    def run(self, *arguments: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), self._passing_time(err):
            status = main(["rollback", self.endpoint, "--stack", "dev", *arguments])
        return Ran(status, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def _passing_time(self, written: io.StringIO) -> Iterator[None]:
        ended = threading.Event()

        def advance() -> None:
            while not ended.wait(0.05):
                if self.time_passes_after in written.getvalue():
                    self.frozen.clock.advance(5)

        thread = threading.Thread(target=advance)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    @property
    def runs(self) -> list[str]:
        """The runs of `pulumi` that write."""
        file = self.folder / "runs"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def split(self) -> dict[str, int]:
        config = self.frozen.call("GET", f"{LISTING}/fraud")["config"]
        return {each["served_model_name"]: each["traffic_percentage"] for each in config["traffic_config"]["routes"]}

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        ran = subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True)
        return ran.stdout


@pytest.fixture
def operator(frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    (tmp_path / "stacks").mkdir()
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(PULUMI.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    monkeypatch.setenv("DATABRICKS_HOST", frozen.origin)
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    here = Operator(frozen, tmp_path)
    here.declare()
    _deploy(here)
    yield here
    client._connected.clear()  # noqa: SLF001


def _deploy(operator: Operator) -> None:
    """The endpoint in the workspace and in the state."""
    versions = {"champion": "7", "challenger": "8"}
    entities = [
        {"name": name, "entity_name": "main.ml.fraud", "entity_version": each, "workload_size": "Small"}
        for name, each in versions.items()
    ]
    routes = [
        {"served_model_name": name, "traffic_percentage": 100 if name == "challenger" else 0} for name in versions
    ]
    config = {
        "served_entities": [each | {"scale_to_zero_enabled": False} for each in entities],
        "traffic_config": {"routes": routes},
    }
    operator.frozen.call("POST", LISTING, {"name": "fraud", "config": config})
    operator.frozen.clock.advance(60)
    parent = f"urn:pulumi:dev::p::{SERVING_ENDPOINT_COMPONENT}::fraud"
    inputs = {
        "name": "fraud",
        "tags": [],
        "config": {
            "servedEntities": [
                {"name": name, "entityName": "main.ml.fraud", "entityVersion": each, "workloadSize": "Small"}
                for name, each in versions.items()
            ],
            "trafficConfig": {
                "routes": [
                    {"servedModelName": each["served_model_name"], "trafficPercentage": each["traffic_percentage"]}
                    for each in routes
                ]
            },
        },
    }
    outputs = {"name": "fraud", "servingEndpointId": operator.frozen.call("GET", f"{LISTING}/fraud")["id"]}
    urn = f"{parent}${MODEL_SERVING}::fraud"
    resources = [
        {"urn": parent, "type": SERVING_ENDPOINT_COMPONENT, "outputs": {"name": "fraud"}},
        {"urn": urn, "type": MODEL_SERVING, "parent": parent, "inputs": inputs, "outputs": outputs},
    ]
    (operator.folder / "state.json").write_text(json.dumps({"deployment": {"resources": resources}}))


BACK = {"champion": 100, "challenger": 0}


def test_nobody_is_asked_without_a_terminal(operator: Operator) -> None:
    ran = operator.run("--to", "champion")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.endswith("There is no terminal to ask in. Read the above, then add --yes\n")
    assert "  serves after: champion 100 % (main.ml.fraud v7)\n" in ran.err
    assert operator.runs == []


def test_a_no_rolls_nothing_back(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO("n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    ran = operator.run("--to", "champion")
    assert (ran.status, operator.runs) == (1, [])
    assert ran.err.endswith("Not rolled back\n")


def test_only_the_endpoint_is_deployed(operator: Operator) -> None:
    ran = operator.run("--to", "champion", "--yes")
    assert ran.status == 0, ran.err
    assert operator.split == BACK
    (run,) = operator.runs
    assert run.startswith("up --stack dev ")
    assert f"--target=urn:pulumi:dev::p::{SERVING_ENDPOINT_COMPONENT}::fraud${MODEL_SERVING}::fraud" in run
    assert "+      traffic: {champion: 100, challenger: 0}\n" in ran.out
    assert "fraud serves champion 100 %\n" in ran.err


def test_an_update_in_progress_is_waited_for(operator: Operator) -> None:
    live = operator.frozen.call("GET", f"{LISTING}/fraud")["config"]["served_entities"]
    names = ("name", "entity_name", "entity_version", "workload_size", "scale_to_zero_enabled")
    entities = [{name: each[name] for name in names} for each in live]
    routes = {"routes": [{"served_model_name": "champion", "traffic_percentage": 100}]}
    entities[0]["workload_size"] = "Large"
    body = {"served_entities": entities, "traffic_config": routes}
    operator.frozen.call("PUT", f"{LISTING}/fraud/config", body)
    operator.time_passes_after = "fraud is being updated"
    ran = operator.run("--to", "challenger", "--yes")
    assert (
        "  an update of the endpoint is in progress, and the workspace takes no other change until it ends" in ran.err
    )
    assert "fraud is being updated: waiting until that ends, 45 minutes at most\n" in ran.err
    assert "Pulumi's state differs from what fraud serves: reading this endpoint again\n" in ran.err
    assert [run.split()[0] for run in operator.runs] == ["refresh", "up"]


def test_what_serves_already_is_only_declared(operator: Operator) -> None:
    assert operator.run("--to", "champion", "--yes").status == 0
    again = operator.run("--to", "champion", "--patch", "back.patch")
    assert (again.status, again.out, len(operator.runs)) == (0, "", 1)
    assert "fraud serves that already: nothing to deploy\n" in again.err
    assert "Apply the patch with:\n  git apply back.patch\n" in again.err
    operator.git("init", "--quiet")
    operator.git("apply", "back.patch")
    assert "The stack files declare it already\n" in operator.run("--to", "champion").err


def test_an_alias_that_has_moved_is_pinned(operator: Operator) -> None:
    operator.declare(ALIAS)
    assert "is declared by an alias" not in operator.run("--to", "champion", "--yes").err
    operator.frozen.call("PUT", "/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion", {"version_num": 9})
    ran = operator.run("--to", "champion", "--json")
    assert "champion is declared by an alias that is another version's now: it stays at version 7" in ran.err
    assert (
        '+        champion: {entity: main.ml.fraud, workload_size: Small, version: "7"}\n'
        in json.loads(ran.out)["patch"]
    )


def test_a_patch_that_cannot_be_written_stops_before_the_rollback(operator: Operator) -> None:
    ran = operator.run("--to", "champion", "--yes", "--patch", "absent/rollback.patch")
    assert (ran.status, operator.runs) == (3, [])
    assert "--patch absent/rollback.patch: there is no folder absent" in ran.err


def test_a_patch_is_applied_by_the_printed_command(operator: Operator) -> None:
    ran = operator.run("--to", "champion", "--yes", "--patch", "roll back.patch")
    assert ran.err.endswith("Apply the patch with:\n  git apply 'roll back.patch'\n")
    again = operator.run("--to", "champion", "--yes", "--json")
    assert "The patch above" not in again.err
    assert "That is `patch` in the JSON on standard output, which git apply reads" in again.err


def test_a_commit_takes_no_changes_of_others(operator: Operator) -> None:
    operator.git("init", "--quiet")
    operator.git("add", "stacks")
    operator.git("commit", "--quiet", "-m", "Declare")
    file = operator.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "# mine\n")
    ran = operator.run("--to", "champion", "--yes", "--commit")
    assert ran.status == 3
    assert "these files have uncommitted ones:\n M stacks/Pulumi.dev.yaml\n" in ran.err
    assert operator.runs == []
    assert operator.run("--to", "champion", "--commit", "--patch", "x").err == "Choose one of --patch and --commit\n"


def test_broken_stack_files_stop_no_rollback(operator: Operator) -> None:
    file = operator.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("traffic: {champion: 0", "traffic: {champion: 5"))
    ran = operator.run("--to", "champion", "--yes")
    assert (ran.status, operator.split) == (1, BACK)
    assert "The stack files are not changed, so the next deployment may undo this: " in ran.err
    assert "stacks/Pulumi.dev.yaml:8:7 endpoints.fraud.traffic: sums to 105" in ran.err


def test_a_failed_run_says_what_serves(operator: Operator) -> None:
    (operator.folder / "fails").write_text("error: incorrect passphrase\n")
    ran = operator.run("--to", "champion", "--yes")
    assert (ran.status, ran.out) == (1, "")
    assert 'Not rolled back: PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack "dev"' in ran.err
    assert ran.err.endswith("\nfraud serves challenger 100 %\n")


def test_a_lock_of_another_machine_names_the_way_out(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_stack, "LONGEST_LOCK_SECONDS", 0.2)
    monkeypatch.setattr(free_stack, "_RETRY_SECONDS", 0.1)
    (operator.folder / "fails").write_text(LOCKED)
    ran = operator.run("--to", "champion", "--yes")
    assert ran.status == 1
    assert 'Not rolled back: Stack "dev" is locked by another run, created by ann@ci-7 (pid 4711)' in ran.err
    assert "pulumi cancel --stack dev --yes" in ran.err


def test_an_unknown_endpoint_names_the_closest(operator: Operator) -> None:
    operator.endpoint = "fruad"
    ran = operator.run()
    assert (ran.status, ran.err) == (1, 'Stack "dev" has no endpoint "fruad". Did you mean "fraud"?\n')
