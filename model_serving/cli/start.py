"""`model-serving start`: an endpoint that was stopped answers requests again."""

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import json_option, stack_option, timeout_option
from model_serving.cli.stop import print_outcome
from model_serving.operations.live.targets import read_targets
from model_serving.operations.stopping import Operator
from model_serving.spec.vocabulary.quantities import Duration


@subcommand("start", example="model-serving start fraud-scorer --stack prod")
@click.argument("endpoint")
@stack_option()
@click.option("--wait/--no-wait", default=True, help="Wait until it is ready, which is the default.")
@timeout_option()
@json_option()
def start_command(endpoint: str, stack: str, timeout: Duration, *, wait: bool, as_json: bool) -> int:
    """Start ENDPOINT, which was stopped: its config is deployed again, which takes minutes and is billed."""
    targets = read_targets(stack)
    (target,) = targets.chosen([endpoint])
    operator = Operator(targets, target, lambda text: click.echo(text, err=True))
    outcome = operator.start(float(timeout) if wait else None)
    words = {
        ("ready", True): "ready",
        ("ready", False): "ready already",
        ("starting", True): f"starting. Its state: model-serving status {endpoint} --stack {stack}",
        ("starting", False): "being deployed already",
    }
    print_outcome(outcome, words[outcome.state, outcome.changed], as_json=as_json)
    return 0
