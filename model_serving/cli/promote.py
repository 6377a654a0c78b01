"""`model-serving promote`: the patch that takes models from one stack's file into another's."""

from pathlib import Path

import click

from model_serving.cli.command import subcommand
from model_serving.delivery.promote import promotion
from model_serving.delivery.promote_text import promotion_text


@subcommand("promote", example="model-serving promote staging prod --output promotion.patch")
@click.argument("source")
@click.argument("target")
@click.option(
    "--include",
    metavar="FIELD",
    multiple=True,
    help="Promote this field, too, such as traffic or workload_size; `all` for every field but `name`,"
    " `protect`, `retain_on_delete`, `replace_id`, `adopt_id`, `rollout` and `predecessor`.",
)
@click.option("--state", is_flag=True, help="Compare with what is deployed, by `pulumi stack export`.")
@click.option("--output", type=Path, metavar="FILE", help="Write the patch to this file, for `git apply FILE`.")
def promote_command(source: str, target: str, include: tuple[str, ...], output: Path | None, *, state: bool) -> int:
    """Show what differs between the stacks SOURCE and TARGET, and the patch for the file of TARGET.

    The patch contains models and their versions; traffic, sizes, permissions and other fields stay unless included.
    Nothing is changed or deployed.
    """
    differing = promotion(source, target, Path.cwd(), include, state=state)
    if output:
        output.write_text(differing.patch, encoding="utf-8")
    click.echo(promotion_text(differing, output), nl=False)
    return 0
