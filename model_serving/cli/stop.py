"""`model-serving stop`: an endpoint without compute, until it is started."""

import json
import sys
from dataclasses import asdict

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import format_options, stack_option
from model_serving.errors import UsageError, UserError
from model_serving.operations.live.targets import read_targets
from model_serving.operations.stopping import Operator, Outcome


@subcommand("stop", example="model-serving stop fraud-scorer --stack prod")
@click.argument("endpoint")
@stack_option()
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@click.option("--wait", is_flag=True, help="Wait until an update in progress ends, which prevents a stop.")
@format_options("text", "json")
def stop_command(endpoint: str, stack: str, form: str, *, yes: bool, wait: bool) -> int:
    """Stop ENDPOINT at once: it runs on no compute, and every request gets 400.

    It keeps its id, URL, permissions and config. `stopped: true` in the stack file does the same by a pull request.
    """

    def confirm(meaning: str) -> None:
        if yes:
            return
        if not sys.stdin.isatty():
            command = f"model-serving stop {endpoint} --stack {stack} --yes"
            raise UsageError(f"{meaning}. Nobody can confirm that here; to stop it without a question: {command}")
        click.echo(f"{meaning}.", err=True)
        if not click.confirm("Stop it?", err=True):
            raise UserError("Not stopped")

    targets = read_targets(stack)
    (target,) = targets.chosen([endpoint])
    outcome = Operator(targets, target, lambda text: click.echo(text, err=True)).stop(confirm, wait=wait)
    print_outcome(outcome, form, "stopped" if outcome.changed else "stopped already")
    return 0


def print_outcome(outcome: Outcome, form: str, what: str) -> None:
    """Print what was done and what the next `up` does with it."""
    if form == "json":
        click.echo(json.dumps(asdict(outcome), indent=2))
    else:
        click.echo(f"{outcome.endpoint}: {what}. {outcome.keep}")
