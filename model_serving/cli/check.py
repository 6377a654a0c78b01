"""`model-serving check`: every error in the stack files, and every rule that needs no engine."""

import sys
from pathlib import Path

import click

from model_serving.check.check import check
from model_serving.check.output import render
from model_serving.cli.command import subcommand
from model_serving.cli.options import format_options


@subcommand("check", example="model-serving check --stack prod --format sarif --output check.sarif")
@click.option("--stack", metavar="NAME", multiple=True, help="Only this stack; may be repeated.")
@format_options("text", "json", "sarif")
@click.option("--output", type=Path, metavar="FILE", help="Write to this file instead of standard output.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
def check_command(stack: tuple[str, ...], form: str, output: Path | None, files: tuple[str, ...]) -> int:  # noqa: ARG001
    """Report every error in the stack files and every violated rule, without Pulumi or a workspace.

    FILE is ignored: pre-commit names the changed files, and a base file affects every stack.
    """
    checked = check(Path.cwd(), list(stack))
    text = render(checked, form)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 1 if checked.failed else 0
