"""`model-serving stop`: an endpoint without compute, until it is started."""

import json
from dataclasses import asdict

import click

from model_serving.cli.command import subcommand
from model_serving.cli.confirmation import confirmed, yes_option
from model_serving.cli.options import json_option, stack_option
from model_serving.errors import UserError
from model_serving.operations.live.targets import read_targets
from model_serving.operations.stopping import Operator, Outcome


@subcommand("stop", example="model-serving stop fraud-scorer --stack prod")
@click.argument("endpoint")
@stack_option()
@yes_option()
@click.option("--wait", is_flag=True, help="Wait until an update in progress ends: no stop during one.")
@json_option()
def stop_command(endpoint: str, stack: str, *, yes: bool, wait: bool, as_json: bool) -> int:
    """Stop ENDPOINT at once: it runs on no compute, and every request gets 400.

    It keeps its id, URL, permissions and config. `stopped: true` in the stack file does the same by a pull request.
    """

    def confirm(meaning: str) -> None:
        if not yes:
            click.echo(f"{meaning}.", err=True)
        if not confirmed("Stop it?", yes=yes):
            raise UserError("Not stopped")

    targets = read_targets(stack)
    (target,) = targets.chosen([endpoint])
    outcome = Operator(targets, target, lambda text: click.echo(text, err=True)).stop(confirm, wait=wait)
    print_outcome(outcome, "stopped" if outcome.changed else "stopped already", as_json=as_json)
    return 0


def print_outcome(outcome: Outcome, what: str, *, as_json: bool) -> None:
    """Print what was done and what the next `up` does with it."""
    if as_json:
        click.echo(json.dumps(asdict(outcome), indent=2))
    else:
        click.echo(f"{outcome.endpoint}: {what}. {outcome.keep}")
