"""How every subcommand is declared: imported when it runs, with an example and its exit statuses in `--help`."""

import importlib
from collections.abc import Callable
from typing import Any, Final

import click

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
STATUSES: Final = "Exit status: 0 done, 1 failed or refused, 3 wrong usage, 130 interrupted"
STATUSES_WITH_APPROVAL: Final = STATUSES.replace(", 3", ", 2 needs approval, 3")


class OrderedGroup(click.Group):
    """A group that lists its subcommands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names of the subcommands."""
        return list(self.commands)


class ImportedCommand(click.Command):
    """The command `NAME` of the module `model_serving.cli.NAME`, imported when it runs."""

    def __init__(self, name: str, summary: str) -> None:
        super().__init__(name, short_help=summary)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **options: Any) -> click.Context:
        """The context of the imported command: click goes on with that one."""
        module = str(self.name).replace("-", "_")
        command = getattr(importlib.import_module(f"model_serving.cli.{module}"), f"{module}_command")
        assert isinstance(command, click.Command), f"{self.name}_command must be a command"
        return command.make_context(info_name, args, *more, **options)


def subcommand(
    name: str, *, example: str, statuses: str = STATUSES, group: click.Group | None = None, **options: Any
) -> Callable[..., click.Command]:
    """Declare a subcommand, of a group where one is given. Its function returns the exit status."""
    declare = group.command if group else click.command
    options = {"context_settings": CONTEXT, "epilog": f"\b\nExample: {example}\n{statuses}", **options}
    return declare(name, **options)
