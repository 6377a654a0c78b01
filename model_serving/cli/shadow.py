"""`model-serving shadow`: what a served entity would have answered in place of the live traffic split."""

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import caller_option, data_option, stack_option
from model_serving.operations.connection import connect
from model_serving.operations.differences import differences
from model_serving.operations.outputs import read_outputs
from model_serving.operations.requests import requests_from


@subcommand("shadow", example="model-serving shadow fraud-scorer challenger --stack prod --data payments.json")
@click.argument("endpoint")
@click.argument("entity")
@stack_option()
@data_option()
@caller_option()
def shadow_command(endpoint: str, entity: str, stack: str, data: str, caller: str | None) -> int:
    """Send each request to ENDPOINT and to its served entity ENTITY, and show where the answers differ.

    A shadow deployment is a served entity at 0 % of the traffic.
    """
    requests = requests_from(data)
    outputs = read_outputs(stack)
    connection = connect(outputs, outputs.endpoint(endpoint), caller)
    differing = 0
    for number, request in enumerate(requests, start=1):
        live, shadow = connection.ask(request), connection.ask(request, entity)
        found = [*differences(live.body, shadow.body)]
        differing += bool(found)
        times = f"{live.milliseconds} and {shadow.milliseconds} ms"
        click.echo(
            f"Request {number}: {live.served_by} and {shadow.served_by} {'differ' if found else 'agree'} ({times})"
        )
        for each in found:
            click.echo(f"  {each}")
    click.echo(f"{differing} of {len(requests)} requests would have been answered differently by {entity}")
    return 0
