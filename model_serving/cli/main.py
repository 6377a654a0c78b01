"""The `model-serving` command: runs one subcommand and turns its errors into messages and exit statuses."""

import sys
from collections.abc import Sequence
from typing import Final

import click

from model_serving import __version__
from model_serving.cli.command import CONTEXT, STATUSES_WITH_APPROVAL, ImportedCommand, OrderedGroup
from model_serving.errors import InterruptedRunError, UsageError, UserError

WRONG_USAGE: Final = 3
"""click's own 2 says here that a change needs approval."""

INTERRUPTED: Final = 130

_COMMANDS: Final = {
    "check": "Report every error in the stack files, without Pulumi.",
    "review": "Report what a change does to production.",
    "deploy": "Deploy exactly what was reviewed.",
    "rollout": "Roll out traffic in the declared steps.",
    "promote": "Promote model versions from one stack to another.",
    "query": "Send requests to a deployed endpoint.",
    "smoke": "Send the smoke requests that the stack files declare.",
    "shadow": "Compare the answers of an endpoint and of one served entity.",
    "status": "Show what the endpoints of a stack do now.",
    "logs": "Print build and service logs of served entities.",
    "metrics": "Print requests, errors, latencies and load of endpoints.",
    "stop": "Stop an endpoint: no compute, no answers.",
    "start": "Start an endpoint that was stopped.",
    "migrate": "Replace an endpoint where a field can't change in place.",
    "rollback": "Bring an endpoint back to what served before.",
    "adopt": "Take live endpoints under management.",
    "drift": "Compare the workspace with the stack files.",
    "policy-pack": "Print the folder of the policy pack.",
    "workspace": "Start the embedded workspace.",
    "ci": "Commands for pipelines.",
}
"""Each subcommand and its summary. The module of its name, with `_` for `-`, is imported when it runs."""


@click.group(
    cls=OrderedGroup,
    context_settings=CONTEXT,
    epilog=f"\b\nExample: model-serving review --stack prod\n{STATUSES_WITH_APPROVAL}",
)
@click.version_option(__version__)
def model_serving() -> None:
    """Review, deploy and operate Databricks Model Serving endpoints. Run it in the project's folder."""


for _name, _summary in _COMMANDS.items():
    model_serving.add_command(ImportedCommand(_name, _summary))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status. A user's error is a message on standard error."""
    try:
        status = model_serving.main(arguments, prog_name="model-serving", standalone_mode=False)
        return int(status or 0)
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE
    except click.Abort:
        return _fail("Interrupted", INTERRUPTED)
    except InterruptedRunError as error:
        return _fail(error, error.status)
    except UserError as error:
        return _fail(error, WRONG_USAGE if isinstance(error, UsageError) else 1)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else error, 1)


def _fail(error: object, status: int) -> int:
    print(error, file=sys.stderr)
    return status
