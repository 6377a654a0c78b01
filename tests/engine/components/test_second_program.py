"""The components in a program that has no stack file of this project, on the real engine and in two workspaces."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_workspace import PROJECT, RunningWorkspace, running_workspace
from tests.support.sandbox import Sandbox
from tests.support.snapshots import IMMEDIATE, Snapshots

UP = ("up", "--yes", "--skip-preview")
PROGRAM = Path(__file__).parent / "program"


@pytest.fixture
def program(snapshots: Snapshots, tmp_path: Path) -> Iterator[tuple[Sandbox, RunningWorkspace]]:
    """The program in a folder with nothing else, its first workspace, and its second one."""
    with (
        snapshots.initialized() as sandbox,
        running_workspace(tmp_path / "west.db", *IMMEDIATE) as west,
    ):
        folder = tmp_path / "program"
        shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("__pycache__"))
        environment = {
            **{name: value for name, value in sandbox.environment.items() if name != "DATABRICKS_TOKEN"},
            "PYTHONPATH": os.pathsep.join([str(PROJECT), sandbox.environment["PYTHONPATH"]]),
            "EAST_HOST": sandbox.workspace.url,
            "EAST_TOKEN": sandbox.workspace.token,
            "WEST_HOST": west.url,
            "WEST_TOKEN": west.token,
        }
        elsewhere = Sandbox(folder, sandbox.workspace, environment)
        elsewhere.pulumi("stack", "init", "test")
        yield elsewhere, west


def test_each_workspace_gets_its_own_resources(program: tuple[Sandbox, RunningWorkspace]) -> None:
    sandbox, west = program
    sandbox.pulumi(*UP)
    outputs = sandbox.outputs()
    for name, workspace in (("east", sandbox.workspace), ("west", west)):
        endpoint = workspace.get("/api/2.0/serving-endpoints/fraud")
        limit = {"key": "service_principal", "calls": 10, "renewal_period": "minute"}
        assert endpoint["id"] == outputs[name]["id"]
        assert endpoint["config"]["served_entities"][0]["entity_version"] == "7"
        assert endpoint["ai_gateway"]["rate_limits"] == [{**limit, "principal": outputs[name]["caller"]}]
        assert outputs[name]["url"] == f"{workspace.url}/serving-endpoints/fraud/invocations"
    writes = sandbox.workspace.writes() + west.writes()
    sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
    assert sandbox.workspace.writes() + west.writes() == writes


def test_state_has_no_plaintext_credential(program: tuple[Sandbox, RunningWorkspace]) -> None:
    sandbox, west = program
    sandbox.pulumi(*UP)
    state = json.dumps(json.loads(sandbox.pulumi("stack", "export").text))
    assert [token for token in (sandbox.workspace.token, west.token) if token in state] == []


def test_object_missing_in_one_workspace_is_reported(program: tuple[Sandbox, RunningWorkspace]) -> None:
    sandbox, west = program
    west.delete("/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion")
    refused = sandbox.pulumi("preview", check=False)
    assert refused.refused, refused.text
    message = 'west-fraud.served_entities.champion.entity: no version of main.ml.fraud has the alias "Champion"'
    assert message in refused.text
