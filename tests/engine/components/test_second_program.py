"""The components in a program that has no stack file of this project, on the real engine and in two workspaces."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sandbox import PROJECT, RunningWorkspace, Stage, running_workspace, stage

pytestmark = pytest.mark.engine

UP = ("up", "--yes", "--skip-preview")
PROGRAM = Path(__file__).parent / "program"


@pytest.fixture
def program(engine: None, tmp_path: Path) -> Iterator[tuple[Stage, RunningWorkspace]]:  # noqa: ARG001  must be there
    """The program in a folder with nothing else, its first workspace as the stage's own, and its second one."""
    with stage("--ready-after", "0") as here, running_workspace(tmp_path / "west.db", "--ready-after", "0") as west:
        folder = tmp_path / "program"
        shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("__pycache__"))
        environment = {
            **{name: value for name, value in here.environment.items() if name != "DATABRICKS_TOKEN"},
            "PYTHONPATH": str(PROJECT),
            "EAST_HOST": here.workspace.url,
            "EAST_TOKEN": here.workspace.token,
            "WEST_HOST": west.url,
            "WEST_TOKEN": west.token,
        }
        elsewhere = Stage(folder, here.workspace, environment)
        elsewhere.pulumi("stack", "init", "test")
        yield elsewhere, west


def test_each_workspace_gets_its_own_and_nothing_is_left_to_do(program: tuple[Stage, RunningWorkspace]) -> None:
    here, west = program
    here.pulumi(*UP)
    outputs = here.outputs()
    for name, workspace in (("east", here.workspace), ("west", west)):
        endpoint = workspace.get("/api/2.0/serving-endpoints/fraud")
        limit = {"key": "service_principal", "calls": 10, "renewal_period": "minute"}
        assert endpoint["id"] == outputs[name]["id"]
        assert endpoint["config"]["served_entities"][0]["entity_version"] == "7"
        assert endpoint["ai_gateway"]["rate_limits"] == [{**limit, "principal": outputs[name]["caller"]}]
        assert outputs[name]["url"] == f"{workspace.url}/serving-endpoints/fraud/invocations"
    writes = here.workspace.writes() + west.writes()
    here.pulumi(*UP, "--refresh", "--expect-no-changes")
    assert here.workspace.writes() + west.writes() == writes


def test_no_credential_is_in_the_state_in_clear(program: tuple[Stage, RunningWorkspace]) -> None:
    here, west = program
    here.pulumi(*UP)
    state = json.dumps(json.loads(here.pulumi("stack", "export").text))
    assert [token for token in (here.workspace.token, west.token) if token in state] == []


def test_what_one_workspace_lacks_stops_the_program(program: tuple[Stage, RunningWorkspace]) -> None:
    here, west = program
    west.delete("/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion")
    refused = here.pulumi("preview", check=False)
    assert refused.refused, refused.text
    told = 'west-fraud.served_entities.champion.entity: no version of main.ml.fraud has the alias "Champion"'
    assert told in refused.text
