"""`model-serving workspace`: the embedded workspace, run as the program `python -m model_serving.workspace`."""

import runpy
import sys
from typing import Final

import click

from model_serving.cli.command import subcommand

_MODULE: Final = "model_serving.workspace"
"""Started as a program, never imported: the workspace must not share code with what it is there to test."""


@subcommand(
    "workspace",
    example="model-serving workspace --port 8787",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def workspace_command(options: tuple[str, ...]) -> int:
    """Start the embedded Databricks workspace, or print its credentials."""
    sys.argv = ["model-serving workspace", *options]
    runpy.run_module(_MODULE, run_name="__main__", alter_sys=True)
    return 0
