"""`model-serving query`: requests to a deployed endpoint, as a service principal of its stack."""

import json
from pathlib import Path

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import caller_option, data_option, stack_option
from model_serving.operations.connection import connect
from model_serving.operations.outputs import read_outputs
from model_serving.operations.requests import requests_in


@subcommand("query", example="model-serving query fraud-scorer --stack prod --data payment.json")
@click.argument("endpoint")
@stack_option()
@data_option()
@caller_option()
@click.option("--entity", metavar="NAME", help="Query this served entity, whatever its traffic.")
def query_command(endpoint: str, stack: str, data: Path, caller: str | None, entity: str | None) -> int:
    """Send requests to ENDPOINT, a key in the stack files or a name, and show the answers as JSON."""
    requests = requests_in(data)
    outputs = read_outputs(stack)
    connection = connect(outputs, outputs.endpoint(endpoint), caller)
    for request in requests:
        answer = connection.ask(request, entity)
        click.echo(json.dumps(answer.body, indent=2, ensure_ascii=False))
        click.echo(connection.describe(answer), err=True)
    return 0
