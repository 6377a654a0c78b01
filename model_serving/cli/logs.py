"""`model-serving logs`: build and service logs of an endpoint's served entities."""

import json
from collections.abc import Callable, Sequence

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import json_option, stack_option
from model_serving.cli.streams import until_nobody_reads
from model_serving.operations.live.targets import read_targets
from model_serving.operations.logs.follow import Follower
from model_serving.operations.logs.read import (
    KINDS,
    LogLine,
    LogName,
    Unread,
    find_endpoint,
    first_logs,
    lines_of,
    log_names,
    why_empty,
)


@subcommand("logs", example="model-serving logs fraud-scorer challenger --stack prod --build --follow")
@click.argument("endpoint")
@click.argument("entity", required=False)
@stack_option()
@click.option("--build", is_flag=True, help="Only how the container image was built.")
@click.option("--service", is_flag=True, help="Only what the model server prints.")
@click.option("--follow", "-f", is_flag=True, help="Print new lines until Ctrl-C.")
@json_option("Print each line as a JSON object.")
def logs_command(
    endpoint: str, entity: str | None, stack: str, *, build: bool, service: bool, follow: bool, as_json: bool
) -> int:
    """Print the logs of ENDPOINT: of its served entity ENTITY, or of all that it serves or deploys."""
    kinds = [kind for kind, chosen in zip(KINDS, (build, service), strict=True) if chosen] or list(KINDS)
    targets = read_targets(stack)
    (target,) = targets.chosen([endpoint])
    live = find_endpoint(targets, target)
    logs = log_names(targets, target, live, entity, kinds)
    texts = first_logs(targets, target, logs)
    show = _json_printer(target.key) if as_json else _printer(logs, named=bool(entity) and len(kinds) == 1)
    with until_nobody_reads():
        if follow:
            return Follower(targets, target, entity, kinds, show, _say).run(live, texts)
        for log, text in texts.items():
            if isinstance(text, Unread):
                _say(text.reason)
                continue
            lines = lines_of(log, text)
            if not lines:
                _say(why_empty(log, live))
            for line in lines:
                show(line)
    return int(any(isinstance(text, Unread) for text in texts.values()))


def _printer(logs: Sequence[LogName], *, named: bool) -> Callable[[LogLine], None]:
    """Print each line with the log that it is of, unless the command names that one log."""
    width = max((len(str(log)) for log in logs), default=0)

    def show(line: LogLine) -> None:
        click.echo(line.text if named else f"{line.log!s:{width}} | {line.text}")

    return show


def _json_printer(endpoint: str) -> Callable[[LogLine], None]:
    def show(line: LogLine) -> None:
        members = {"endpoint": endpoint, "entity": line.log.entity, "log": line.log.kind, "line": line.text}
        click.echo(json.dumps(members, ensure_ascii=False))

    return show


def _say(text: str) -> None:
    click.echo(text, err=True)
