"""`model-serving migrate`: a new endpoint in place of one whose field can't change, without an outage."""

import json
from pathlib import Path
from typing import Any

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import json_option, stack_option
from model_serving.cli.progress import Counter
from model_serving.cli.quantities import QuantityType
from model_serving.delivery.migrate.phases import phase_lines
from model_serving.delivery.migrate.plan import Step, back, retire, start
from model_serving.delivery.migrate.project import Project, read_project
from model_serving.delivery.migrate.settings import parse_setting
from model_serving.delivery.migrate.status import migration_status
from model_serving.delivery.migrate.status_text import status_json, status_lines
from model_serving.delivery.patch import require_writable
from model_serving.errors import UsageError
from model_serving.operations.sql_warehouse import VARIABLE, chosen_warehouse
from model_serving.review.plan.engine_process import progress
from model_serving.spec.vocabulary.quantities import Duration


@subcommand("migrate", example="model-serving migrate fraud-scorer --stack prod --set route_optimized=true")
@click.argument("endpoint")
@stack_option()
@click.option("--set", "settings", metavar="FIELD=VALUE", multiple=True, help="A field that can't change in place.")
@click.option("--name", metavar="NAME", help="Name of the successor. Default: the next free -2, -3.")
@click.option("--status", "show", is_flag=True, help="Show the phase and who still calls the predecessor.")
@click.option("--back", "goes_back", is_flag=True, help="Return to the predecessor.")
@click.option("--retire", "retires", is_flag=True, help="Remove the predecessor.")
@click.option(
    "--since",
    type=QuantityType(Duration),
    metavar="24h",
    default="24h",
    show_default=True,
    help="With --status: calls in this time.",
)
@click.option("--warehouse", metavar="ID", help=f"With --status: SQL warehouse. Default: ${VARIABLE}.")
@click.option("--patch", type=Path, metavar="FILE", help="Write the change to this file, not into the stack file.")
@click.option("--dry-run", is_flag=True, help="Only print the change.")
@json_option()
def migrate_command(
    endpoint: str,
    stack: str,
    *,
    settings: tuple[str, ...],
    name: str | None,
    since: Duration,
    warehouse: str | None,
    patch: Path | None,
    show: bool,
    goes_back: bool,
    retires: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Replace ENDPOINT by a successor, where a field changes that can't change in place.

    Writes the change into the stack's own file and prints it with the phases: what this commit does and what the next
    ones are. Both endpoints answer until the predecessor is retired.
    """
    parsed = [parse_setting(each) for each in settings]
    _require_one(show, goes_back, retires, bool(parsed or name))
    if patch and dry_run:
        raise UsageError("Choose one of --patch and --dry-run")
    if patch:
        require_writable(patch)
    project = read_project(stack, endpoint, Path.cwd())
    if show:
        return _show(project, since, chosen_warehouse(warehouse), as_json=as_json)
    step = back(project) if goes_back else retire(project) if retires else start(project, parsed, name)
    _keep(project, step, patch, dry_run=dry_run, as_json=as_json)
    return 0


def _require_one(*chosen: bool) -> None:
    if sum(chosen) > 1:
        raise UsageError("Choose one of --set or --name, --status, --back and --retire")
    if not any(chosen):
        raise UsageError("What changes? --set FIELD=VALUE. Of a migration under way: --status, --back or --retire")


def _show(project: Project, since: float, warehouse: str, *, as_json: bool) -> int:
    with Counter() as counter:
        status = migration_status(project, since, warehouse, counter.wait_for("SQL warehouse"))
    click.echo(json.dumps(status_json(status), indent=2) if as_json else "\n".join(status_lines(status)))
    return 0


def _keep(project: Project, step: Step, patch: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Write the change where it is wanted, and print it with the phases."""
    change = step.change
    if patch:
        patch.write_text(change.patch, encoding="utf-8", newline="")
    elif not dry_run:
        (project.folder / change.file).write_text(change.text, encoding="utf-8", newline="")
    if as_json:
        click.echo(json.dumps(_result(project, step), indent=2))
        return
    click.echo(change.patch, nl=False)
    lines = [step.headline, *step.notes, *phase_lines(step.phases), _kept(change.file, patch, dry_run=dry_run)]
    progress("\n".join(lines) + "\n")


def _kept(file: str, patch: Path | None, *, dry_run: bool) -> str:
    if patch:
        return f"{patch} has the change of {file}. Apply it with: git apply {patch}"
    return f"Nothing was written: {file} would change as above" if dry_run else f"{file} is changed as above"


def _result(project: Project, step: Step) -> dict[str, Any]:
    return {
        "stack": project.stack,
        "endpoint": project.key,
        "successor": step.successor,
        "predecessor": step.predecessor,
        "file": step.change.file,
        "patch": step.change.patch,
        "notes": list(step.notes),
        "phases": [{"title": each.title, "commands": list(each.commands)} for each in step.phases],
    }
