"""The components in a program that has no stack file of this project, on the real engine and in two workspaces."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.running_workspace import PROJECT, RunningWorkspace, running_workspace
from tests.support.sandbox import Sandbox
from tests.support.snapshots import IMMEDIATE, Snapshots

UP = ("up", "--yes", "--skip-preview")
PROGRAM = Path(__file__).parent / "program"


@dataclass(frozen=True)
class Program:
    """The program in a folder with nothing else, and the two workspaces that it deploys to."""

    sandbox: Sandbox
    west: RunningWorkspace

    @property
    def east(self) -> RunningWorkspace:
        return self.sandbox.workspace


@contextmanager
def initialized(snapshots: Snapshots) -> Iterator[Program]:
    with snapshots.initialized() as sandbox:
        root = sandbox.folder.parent
        folder = root / "program"
        shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("__pycache__"))
        with running_workspace(root / "west.db", *IMMEDIATE) as west:
            environment = {
                **{name: value for name, value in sandbox.environment.items() if name != "DATABRICKS_TOKEN"},
                "PYTHONPATH": os.pathsep.join([str(PROJECT), sandbox.environment["PYTHONPATH"]]),
                "EAST_HOST": sandbox.workspace.url,
                "EAST_TOKEN": sandbox.workspace.token,
                "WEST_HOST": west.url,
                "WEST_TOKEN": west.token,
            }
            program = Program(Sandbox(folder, sandbox.workspace, environment), west)
            program.sandbox.pulumi("stack", "init", "test")
            yield program


@pytest.fixture(scope="module")
def deployed_program(snapshots: Snapshots) -> Iterator[Program]:
    """For tests that change nothing."""
    with initialized(snapshots) as program:
        program.sandbox.pulumi(*UP)
        yield program


def test_each_workspace_gets_its_own_resources(deployed_program: Program) -> None:
    outputs = deployed_program.sandbox.outputs()
    for name, workspace in (("east", deployed_program.east), ("west", deployed_program.west)):
        endpoint = workspace.get("/api/2.0/serving-endpoints/fraud")
        limit = {"key": "service_principal", "calls": 10, "renewal_period": "minute"}
        assert endpoint["id"] == outputs[name]["id"]
        assert endpoint["config"]["served_entities"][0]["entity_version"] == "7"
        assert endpoint["ai_gateway"]["rate_limits"] == [{**limit, "principal": outputs[name]["caller"]}]
        assert outputs[name]["url"] == f"{workspace.url}/serving-endpoints/fraud/invocations"
    writes = deployed_program.east.writes() + deployed_program.west.writes()
    deployed_program.sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
    assert deployed_program.east.writes() + deployed_program.west.writes() == writes


def test_state_has_no_plaintext_credential(deployed_program: Program) -> None:
    state = json.dumps(json.loads(deployed_program.sandbox.pulumi("stack", "export").text))
    tokens = [deployed_program.east.token, deployed_program.west.token]
    assert [token for token in tokens if token in state] == []


def test_object_missing_in_one_workspace_is_reported(snapshots: Snapshots) -> None:
    with initialized(snapshots) as program:
        program.west.delete("/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion")
        refused = program.sandbox.pulumi("preview", check=False)
    assert refused.refused, refused.text
    message = 'west-fraud.served_entities.champion.entity: no version of main.ml.fraud has the alias "Champion"'
    assert message in refused.text
