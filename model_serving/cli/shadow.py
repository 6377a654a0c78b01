"""`model-serving shadow`: what a served entity would have answered in place of the live traffic split."""

from pathlib import Path
from typing import Any

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import caller_option, json_option, stack_option
from model_serving.cli.progress import Counter
from model_serving.cli.quantities import QuantityType
from model_serving.errors import UsageError
from model_serving.operations.connection import connect
from model_serving.operations.live.sign_in import sign_in, workspace_settings
from model_serving.operations.outputs import read_outputs
from model_serving.operations.shadow.comparison import DEFAULT_TOLERANCE
from model_serving.operations.shadow.render_files import check_files, json_text, write
from model_serving.operations.shadow.render_text import text
from model_serving.operations.shadow.run import DEFAULT_CONCURRENCY, DEFAULT_RATE, run_shadow
from model_serving.operations.shadow.sources import given
from model_serving.operations.shadow.table_requests import DEFAULT_LIMIT, recorded_requests
from model_serving.operations.shadow.thresholds import Thresholds
from model_serving.operations.sql_warehouse import VARIABLE, chosen_warehouse
from model_serving.spec.vocabulary.quantities import Duration, Factor, Latency, Percent

_EXAMPLE = "model-serving shadow fraud-scorer shadow --stack prod --data payments.json"
_percent, _bound = QuantityType(Percent), QuantityType(Factor, Latency)
_whole = click.IntRange(1)


@subcommand("shadow", example=_EXAMPLE)
@click.argument("endpoint")
@click.argument("entity")
@stack_option()
@click.option("--data", metavar="JSON|FILE", help="Requests to send; the live split is asked, too.")
@click.option("--from-inference-table", "from_table", is_flag=True, help="Replay the requests that it recorded.")
@click.option(
    "--since",
    type=QuantityType(Duration),
    metavar="24h",
    default="24h",
    help="Recorded in this time.",
    show_default=True,
)
@click.option("--limit", type=_whole, metavar="N", default=DEFAULT_LIMIT, show_default=True, help="The newest N.")
@click.option("--warehouse", metavar="ID", help=f"SQL warehouse. Default: ${VARIABLE}.")
@click.option("--rate", metavar="N/s", default=f"{DEFAULT_RATE:g}/s", show_default=True, help="Requests a second.")
@click.option(
    "--concurrency", type=_whole, metavar="N", default=DEFAULT_CONCURRENCY, help="At once, at most.", show_default=True
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    metavar="N",
    default=DEFAULT_TOLERANCE,
    help="Relative difference of equal numbers.",
)
@click.option("--agreement-at-least", "agreement", type=_percent, metavar="99%", help="Fail if fewer answers agree.")
@click.option("--errors-at-most", "errors", type=_percent, metavar="1%", help="Fail if more requests fail.")
@click.option("--p95-at-most", "p95", type=_bound, metavar="1.2x|80ms", help="Fail above; 1.2x is that of live.")
@click.option("--output", "files", type=Path, multiple=True, metavar="FILE", help="Write the report: .md or .json.")
@caller_option()
@json_option()
def shadow_command(endpoint: str, entity: str, stack: str, caller: str | None, **options: Any) -> int:
    """Replay requests to served entity ENTITY, and compare its answers with live ones."""
    check_files(options["files"])
    rate, warehouse = _rate(options["rate"]), chosen_warehouse(options["warehouse"])
    if bool(options["data"]) == options["from_table"]:
        raise UsageError("Which requests? Give either --data FILE or --from-inference-table")
    if options["from_table"] and not warehouse:
        raise UsageError(f"--from-inference-table needs a SQL warehouse: --warehouse ID, or {VARIABLE}")
    source = given(options["data"]) if options["data"] else None
    outputs = read_outputs(stack)
    address = outputs.endpoint(endpoint)
    connection = connect(outputs, address, caller)
    with Counter() as counter:
        source = source or recorded_requests(
            sign_in(workspace_settings(stack)),
            address.name,
            entity,
            warehouse=str(warehouse),
            since=options["since"],
            limit=options["limit"],
            waiting=counter.wait_for("SQL warehouse"),
        )
        report = run_shadow(
            connection,
            entity,
            source.requests,
            rate,
            options["concurrency"],
            tolerance=options["tolerance"],
            source=source.name,
            skipped=source.skipped,
            progress=counter.count("requests replayed"),
        )
    broken = _thresholds(options["agreement"], options["errors"], options["p95"]).broken(report)
    write(report, broken, options["files"])
    click.echo(json_text(report, broken) if options["as_json"] else text(report, broken))
    return 1 if broken else 0


def _thresholds(agreement: Percent | None, errors: Percent | None, p95: Factor | Latency | None) -> Thresholds:
    factor = p95 if isinstance(p95, Factor) else None
    return Thresholds(agreement, errors, factor, p95 if isinstance(p95, Latency) else None)


def _rate(text: str) -> float:
    try:
        rate = float(text.removesuffix("/s"))
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise UsageError(f'--rate: "{text}" is no number of requests a second. Write it as 5/s or 0.5/s')
    return rate
