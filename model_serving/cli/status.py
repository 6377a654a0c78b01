"""`model-serving status`: what a stack's endpoints do now."""

import json
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing

import click
from rich.console import Console
from rich.live import Live

from model_serving.cli.command import STATUSES, subcommand
from model_serving.cli.options import json_option, stack_option, timeout_option
from model_serving.cli.quantities import QuantityType
from model_serving.operations.live.collect import Collector
from model_serving.operations.live.render.changes import Changes
from model_serving.operations.live.render.json_status import json_status
from model_serving.operations.live.render.view import frame_view, text
from model_serving.operations.live.status import StackStatus
from model_serving.operations.live.targets import read_targets
from model_serving.operations.live.watch import Frame, Watcher
from model_serving.spec.vocabulary.quantities import Duration

_STATUSES = STATUSES.replace("0 done, 1 failed or refused", "0 as declared, 1 failed or missing, 2 differs")


@subcommand("status", example="model-serving status --stack prod", statuses=_STATUSES)
@click.argument("endpoints", metavar="[ENDPOINT]...", nargs=-1)
@stack_option()
@click.option("--watch", is_flag=True, help="Read again and again, until Ctrl-C or the end of --wait.")
@click.option("--wait", is_flag=True, help="Wait until no update is in progress.")
@timeout_option()
@click.option(
    "--interval",
    type=QuantityType(Duration),
    metavar="TIME",
    default="5s",
    show_default=True,
    help="Pause between reads.",
)
@json_option()
def status_command(
    endpoints: tuple[str, ...],
    stack: str,
    timeout: Duration,
    interval: Duration,
    *,
    watch: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Show what the endpoints of a stack do now, or the named ones in detail."""
    collector = Collector(lambda: read_targets(stack), endpoints)
    detailed, form = bool(endpoints), "json" if as_json else "text"
    if not watch and not wait:
        return _print(collector.collect(), form, detailed=detailed)
    frames = _until(Watcher(collector.collect, interval).frames(), timeout if wait else None)
    last = _follow(frames, form if watch else "", detailed=detailed)
    if last.status and not watch:
        _print(last.status, form, detailed=detailed)
    if last.status is None or last.problem:
        click.echo(last.problem or "The workspace has given no answer yet", err=True)
        return 1
    if wait and not last.status.is_settled:
        click.echo(f"An update is still in progress after {timeout.text}", err=True)
        return 1
    return last.status.exit_status


def _follow(frames: Generator[Frame, None, None], form: str, *, detailed: bool) -> Frame:
    """Show each change in a form, or on standard error where there is none, and return the last frame."""
    with closing(frames):
        if form == "json":
            return _json_lines(frames)
        if form and sys.stdout.isatty():
            return _live(frames, detailed=detailed)
        return _change_lines(frames, to_stderr=not form)


def _print(status: StackStatus, form: str, *, detailed: bool) -> int:
    if form == "json":
        click.echo(json.dumps(json_status(status), indent=2))
    else:
        console = Console()  # knows the terminal: its width, and whether it has colors (NO_COLOR, TERM)
        color = bool(console.color_system)
        shown = text(status, width=console.width, color=color, detailed=detailed, now=time.time())
        click.echo(shown, nl=False)
    return status.exit_status


def _until(frames: Iterator[Frame], longest: float | None) -> Generator[Frame, None, None]:
    """The frames until no update is in progress or the time is over; without a time all of them.

    The first read may take longer than that: it has limits of its own, and without it there is nothing to show.
    """
    deadline = None if longest is None else time.monotonic() + longest
    for frame in frames:
        yield frame
        is_settled = frame.status is not None and not frame.problem and frame.status.is_settled
        if deadline is not None and frame.reads and (is_settled or time.monotonic() > deadline):
            return


def _live(frames: Iterator[Frame], *, detailed: bool) -> Frame:
    console, last = Console(highlight=False, legacy_windows=False), Frame()
    with Live(console=console, auto_refresh=False) as live:
        for last in frames:
            shown = frame_view(last, console.width, console.height, time.time(), detailed=detailed)
            live.update(shown, refresh=True)
    return last


def _change_lines(frames: Iterator[Frame], *, to_stderr: bool) -> Frame:
    changes, last = Changes(), Frame()
    for last in frames:
        lost = changes.problem(last.problem, time.time())
        lines = [*([lost] if lost else []), *(changes.lines(last.status) if last.status else [])]
        for line in lines:
            click.echo(line, err=to_stderr)
    return last


def _json_lines(frames: Iterator[Frame]) -> Frame:
    """Print a status on a line of its own after each read in which one of the endpoints has changed."""
    changes, last = Changes(), Frame()
    for last in frames:
        if last.status and [*changes.lines(last.status)]:
            click.echo(json.dumps(json_status(last.status)))
    return last
