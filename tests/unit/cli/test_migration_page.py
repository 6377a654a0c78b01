"""The commands of docs/migration.md are ones that the command line takes."""

import re
import shlex
from pathlib import Path

import click
import pytest

from model_serving.cli.migrate import migrate_command

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "migration.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^model-serving migrate (.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_taken(command: str) -> None:
    with migrate_command.make_context("migrate", shlex.split(command)) as context:
        assert (context.params["endpoint"], context.params["stack"]) == ("fraud-scorer", "prod")


def test_every_option_is_on_the_page() -> None:
    names = [option for each in migrate_command.params if isinstance(each, click.Option) for option in each.opts]
    assert [name for name in names if name not in PAGE and name not in ("--stack", "--help", "-h")] == []
