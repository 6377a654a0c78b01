"""`model-serving smoke`: the requests that the stack files declare, sent after a deployment."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import caller_option, json_option, stack_option
from model_serving.operations.smoke import Result, SmokeTest, smoke_test


@subcommand("smoke", example="model-serving smoke --stack prod")
@stack_option()
@caller_option()
@json_option()
def smoke_command(stack: str, caller: str | None, *, as_json: bool) -> int:
    """Send the requests under `smoke` of each endpoint in the stack files, and compare the answers."""
    tested = smoke_test(stack, caller)
    results = tested.results
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=2))
    elif results:
        click.echo("\n".join(_lines(tested)))
    elif tested.stopped:
        click.echo(_not_called(tested)[-1])
    else:
        click.echo("No endpoint of this stack declares a smoke request: write some under its `smoke`")
    return 1 if any(result.faults for result in results) else 0


def _lines(tested: SmokeTest) -> Iterator[str]:
    """One line for each request, its failures below it, the endpoints that were not called, and the counts."""
    results = tested.results
    widths = [max(map(len, column)) for column in zip(*map(_cells, results), strict=True)]
    for result in results:
        yield "  ".join(cell.ljust(width) for cell, width in zip(_cells(result), widths, strict=True)).rstrip()
        yield from (f"        {fault}" for fault in result.faults)
    yield from _not_called(tested)
    failed = sum(bool(result.faults) for result in results)
    yield f"{len(results) - failed} passed, {failed} failed"


def _not_called(tested: SmokeTest) -> list[str]:
    """A line for each reason why endpoints were not called."""
    reasons = {
        "they declare no smoke request": tested.not_called,
        "the stack file declares them stopped": tested.stopped,
    }
    return [f"not called, since {reason}: {', '.join(keys)}" for reason, keys in reasons.items() if keys]


def _cells(result: Result) -> tuple[str, ...]:
    time = f"{result.milliseconds} ms" if result.served_by else ""
    return ("FAILED" if result.faults else "passed", result.endpoint, result.request, result.served_by, time)
