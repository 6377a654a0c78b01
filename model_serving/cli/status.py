"""`model-serving status`: what a stack's endpoints do now."""

import json
import time

import click
from rich.console import Console

from model_serving.cli.command import STATUSES, subcommand
from model_serving.cli.options import format_options, stack_option
from model_serving.operations.live.collect import Collector
from model_serving.operations.live.render.json_status import json_status
from model_serving.operations.live.render.view import text
from model_serving.operations.live.status import StackStatus
from model_serving.operations.live.targets import read_targets

_STATUSES = STATUSES.replace("0 done, 1 failed or refused", "0 as declared, 1 failed or missing, 2 differs")


@subcommand("status", example="model-serving status --stack prod", statuses=_STATUSES)
@click.argument("endpoints", metavar="[ENDPOINT]...", nargs=-1)
@stack_option()
@format_options("text", "json")
def status_command(endpoints: tuple[str, ...], stack: str, form: str) -> int:
    """Show what the endpoints of a stack do now, or of the named ones in detail."""
    status = Collector(read_targets(stack), endpoints).collect()
    if form == "json":
        click.echo(json.dumps(json_status(status), indent=2))
    else:
        _print(status, detailed=bool(endpoints))
    return status.exit_status


def _print(status: StackStatus, *, detailed: bool) -> None:
    console = Console()  # knows the terminal: its width, and whether it has colors (NO_COLOR, TERM)
    shown = text(status, width=console.width, color=bool(console.color_system), detailed=detailed, now=time.time())
    click.echo(shown, nl=False)
