"""The question before a command changes what callers get."""

import sys

import click

from model_serving.cli.options import Declare
from model_serving.errors import UsageError


def yes_option() -> Declare:
    """`--yes`."""
    return click.option("--yes", is_flag=True, help="Don't ask for confirmation.")


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether a person agrees, or `--yes` was given. Raises UsageError without a terminal to ask in."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask in. Read the above, then add --yes")
    return click.confirm(question, err=True)
