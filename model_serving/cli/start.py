"""`model-serving start`: an endpoint that was stopped answers requests again."""

import click
from pydantic_core import PydanticCustomError

from model_serving.cli.command import subcommand
from model_serving.cli.options import format_options, stack_option
from model_serving.cli.stop import print_outcome
from model_serving.operations.live.targets import read_targets
from model_serving.operations.stopping import Operator
from model_serving.spec.vocabulary.quantities import Duration


def _duration(_context: click.Context, _option: click.Parameter, text: str) -> Duration:
    """A duration as in a stack file: `90s`, `10m` or `1h`."""
    try:
        return Duration.parse(text)
    except PydanticCustomError as error:
        raise click.BadParameter(f'"{text}" {error.message()}: {" or ".join(Duration.EXAMPLES)}') from None


@subcommand("start", example="model-serving start fraud-scorer --stack prod")
@click.argument("endpoint")
@stack_option()
@click.option("--wait/--no-wait", default=True, help="Wait until it is ready, which is the default.")
@click.option(
    "--timeout", callback=_duration, metavar="TIME", default="45m", show_default=True, help="How long to wait."
)
@format_options("text", "json")
def start_command(endpoint: str, stack: str, form: str, timeout: Duration, *, wait: bool) -> int:
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
    print_outcome(outcome, form, words[outcome.state, outcome.changed])
    return 0
