"""`model-serving ci changed`: which stacks a change affects, in the order of their deployments."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import format_options
from model_serving.delivery.changed_stacks import changed_stacks, is_local
from model_serving.delivery.removed_stacks import how_to_retire
from model_serving.errors import UserError
from model_serving.spec.field_path import NAMESPACE
from model_serving.spec.files.listing import has_file, stacks
from model_serving.spec.files.stack_order import AFTER, waves


@subcommand(
    "changed",
    short_help="List the stacks that a change affects.",
    example="model-serving ci changed --changed-since origin/main --json",
)
@click.option("--changed-since", "since", metavar="REF", help="Only stacks that differ from this git ref.")
@click.option("--with-deleted", is_flag=True, help="List stacks whose file is deleted, too.")
@click.option("--deployed", is_flag=True, help="Leave out stacks whose workspace is on this machine.")
@click.option("--also", type=Path, metavar="FILE", help="A list of files that differ, too, one on each line.")
@click.option(
    "--waves", "most_waves", type=int, metavar="N", help="JSON: N lists of stacks, each deployed after the one before."
)
@format_options("text", "json")
def changed(
    since: str | None, form: str, most_waves: int | None, also: Path | None, *, with_deleted: bool, deployed: bool
) -> int:
    """List the stacks that a change affects, in the order of their deployments.

    All stacks unless a git ref is given.
    """
    folder = Path.cwd()
    also_changed = also.read_text(encoding="utf-8").splitlines() if also else []
    names = (
        _changed(folder, since, also_changed, with_deleted=with_deleted, deployed=deployed) if since else stacks(folder)
    )
    if deployed:
        names = [name for name in names if not is_local(folder, name, since)]
    deployments = waves(names, folder / "stacks")
    if most_waves is not None:
        click.echo(json.dumps(_padded(deployments, most_waves)))
        return 0
    names = [*(name for wave in deployments for name in wave), *(name for name in names if not has_file(folder, name))]
    click.echo(json.dumps(names) if form == "json" else "\n".join(names))
    return 0


def _padded(deployments: list[list[str]], most: int) -> list[list[str]]:
    """So many waves, the last ones empty. Raises UserError for more: the pipeline has no job for them."""
    if len(deployments) > most:
        order = ", then ".join(" and ".join(wave) for wave in deployments)
        hint = f"Shorten the chain of `{NAMESPACE}{AFTER}` in the stack files, or add a wave to the pipeline"
        raise UserError(
            f"{len(deployments)} waves of deployments are needed, and the pipeline has {most}: {order}. {hint}"
        )
    return [*deployments, *([] for _ in range(most - len(deployments)))]


def _changed(folder: Path, since: str, also: Sequence[str], *, with_deleted: bool, deployed: bool) -> list[str]:
    """The changed stacks. A deleted stack file is always reported, and listed only where that is asked for."""
    changed = changed_stacks(folder, since, also)
    if changed.note:
        click.echo(changed.note, err=True)
    deleted = changed.deleted
    if deployed:
        deleted = tuple(name for name in deleted if not is_local(folder, name, since))
    for name in deleted:
        click.echo(how_to_retire(folder, name, since), err=True)
    return [*changed.stacks, *(deleted if with_deleted else ())]
