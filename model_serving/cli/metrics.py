"""`model-serving metrics`: requests, errors, latencies and load of a stack's endpoints."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Final

import click
from rich.console import Console

from model_serving.cli.command import subcommand
from model_serving.cli.options import json_option, stack_option
from model_serving.cli.streams import until_nobody_reads
from model_serving.errors import UsageError, UserError
from model_serving.operations.live.targets import Target, read_targets
from model_serving.operations.metrics.exposition import one_text
from model_serving.operations.metrics.read import MOST_READS, EndpointMetrics, MetricsReader
from model_serving.operations.metrics.view import caption, members, table

PAUSE_SECONDS: Final = 15.0
"""Between two reads of `--follow`: the service has new metrics each minute."""

WIDE_ENOUGH: Final = 120
"""Columns of the table where the output is a file or a pipe, which has no width."""

Print = Callable[[Sequence[EndpointMetrics]], None]


@subcommand("metrics", example="model-serving metrics fraud-scorer --stack prod")
@click.argument("endpoints", metavar="[ENDPOINT]...", nargs=-1)
@stack_option()
@json_option("Print a JSON object for each endpoint, on a line of its own.")
@click.option("--raw", is_flag=True, help="Print the text for Prometheus, as the workspace exports it.")
@click.option("--follow", "-f", is_flag=True, help="Print each new minute until Ctrl-C.")
def metrics_command(endpoints: tuple[str, ...], stack: str, *, as_json: bool, raw: bool, follow: bool) -> int:
    """Print the metrics of the named endpoints and of their served entities, or of all endpoints of a stack.

    They are those of the last full minute, which is what Databricks reports.
    """
    if as_json and raw:
        raise UsageError("--json and --raw exclude each other")
    targets = read_targets(stack)
    wanted = targets.chosen(endpoints)
    chosen = wanted[:MOST_READS]
    if len(chosen) < len(wanted):
        _say(f"Only the first {MOST_READS} of {len(wanted)} endpoints are read: name others")
    show = _print_raw if raw else _print_json if as_json else _print_table
    reader = MetricsReader(targets)
    with until_nobody_reads():
        found = reader.read(chosen)
        _show(found, show)
        for each in chosen if endpoints else ():
            if reader.is_stopped(each):
                _say(f'Endpoint "{each.name}" is stopped: it answers no requests')
        if follow and not all(each.is_gone for each in found):
            return _follow(reader, chosen, found, show)
    return int(any(each.problem for each in found))


def _follow(reader: MetricsReader, chosen: Sequence[Target], found: Sequence[EndpointMetrics], show: Print) -> int:
    """Print what is new until nothing is left to follow."""
    shown = {each.key: each for each in found}
    while True:
        time.sleep(PAUSE_SECONDS)
        try:
            found = reader.read(chosen)
        except UserError as error:  # of the connection; it may come back
            _say(f"{error}\nTrying again until you press Ctrl-C")
            continue
        for each in found:
            if shown[each.key].is_gone and not each.problem:
                _say(f'Endpoint "{each.key}" is in the workspace again')
        new = [each for each in found if _is_new(each, shown[each.key])]
        shown |= {each.key: each for each in new}
        if new:
            _show(new, show)
        if all(each.is_gone for each in found):
            return 1


def _is_new(each: EndpointMetrics, last: EndpointMetrics) -> bool:
    if each.problem:
        return each.problem != last.problem
    if each.sample is None or last.sample is None or each.sample.adds_up:
        return True
    return each.sample.interval_end != last.sample.interval_end


def _show(found: Sequence[EndpointMetrics], show: Print) -> None:
    for each in found:
        if each.problem:
            _say(each.problem)
    readable = [each for each in found if not each.problem]
    if readable or show is _print_json:
        show(found if show is _print_json else readable)


def _print_raw(found: Sequence[EndpointMetrics]) -> None:
    click.echo(one_text([each.text for each in found]), nl=False)


def _print_json(found: Sequence[EndpointMetrics]) -> None:
    for each in found:
        click.echo(json.dumps(members(each)))


def _print_table(found: Sequence[EndpointMetrics]) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDE_ENOUGH)
    with console.capture() as capture:
        console.print(table(found, console.width))
        console.print(caption(found), style="dim", highlight=False)
    click.echo(capture.get(), nl=False)


def _say(text: str) -> None:
    click.echo(text, err=True)
