"""`model-serving query`: requests to a deployed endpoint, as a service principal of its stack."""

import json

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import caller_option, data_option, stack_option
from model_serving.operations.connection import connect
from model_serving.operations.outputs import read_outputs
from model_serving.operations.requests import requests_from
from model_serving.operations.smoke import smoke_request


@subcommand("query", example="model-serving query fraud-scorer --stack prod --data payment.json")
@click.argument("endpoint")
@stack_option()
@data_option(required=False)
@caller_option()
@click.option("--entity", metavar="NAME", help="Query this served entity, whatever its traffic.")
def query_command(endpoint: str, stack: str, data: str | None, caller: str | None, entity: str | None) -> int:
    """Send requests to ENDPOINT, a key in the stack files or a name, and show the answers as JSON."""
    given = requests_from(data) if data else None
    outputs = read_outputs(stack)
    address = outputs.endpoint(endpoint)
    requests = given or [smoke_request(outputs, address)]
    connection = connect(outputs, address, caller)
    for request in requests:
        answer = connection.ask(request, entity)
        click.echo(json.dumps(answer.body, indent=2, ensure_ascii=False))
        click.echo(connection.describe(answer), err=True)
    return 0
