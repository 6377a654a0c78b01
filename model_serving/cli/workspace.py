"""`model-serving workspace`: the embedded workspace, run as the program `python -m model_serving.workspace`."""

import importlib.util
import runpy
import sys
from typing import Final

import click

from model_serving.cli.command import CONTEXT, subcommand
from model_serving.errors import UserError

_MODULE: Final = "model_serving.workspace"
"""Run as a program, never imported: the workspace must not share code with what it tests."""


@subcommand(
    "workspace",
    example="model-serving workspace --port 8787 --ready-after 0",
    context_settings={**CONTEXT, "ignore_unknown_options": True},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[serve|credentials] [OPTIONS]...")
def workspace_command(options: tuple[str, ...]) -> int:
    """Start the embedded Databricks workspace, or print its credentials for a shell to evaluate.

    OPTIONS such as --port, --db, --seed and --model: `python -m model_serving.workspace --help` lists all.
    """
    if importlib.util.find_spec("uvicorn") is None:
        raise UserError('The embedded workspace is not installed: install the wheel with the extra "workspace"')
    sys.argv = ["model-serving workspace", *options]
    runpy.run_module(_MODULE, run_name="__main__", alter_sys=True)
    return 0
