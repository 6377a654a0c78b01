"""The commands of docs/operations.md on rollbacks are ones that the command line takes."""

import shlex

import pytest

from model_serving.cli.rollback import rollback_command
from tests.support.running_workspace import PROJECT

PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("model-serving rollback ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_documented_rollback_is_understood(line: str) -> None:
    _, _, *arguments = shlex.split(line)
    context = rollback_command.make_context("rollback", arguments)
    assert (context.params["endpoint"], context.params["stack"]) == ("fraud-scorer", "prod")


def test_every_place_is_documented() -> None:
    assert {line.partition("--to ")[2].split(" ")[0] for line in COMMANDS} == {
        "",
        "champion",
        "champion=90,challenger=10",
        "7",
    }
