"""`model-serving drift`: whether the workspace is what the stack files declare."""

from pathlib import Path

import click

from model_serving.cli.command import STATUSES_WITH_APPROVAL, subcommand
from model_serving.cli.options import policy_pack_option, report_output_options, stack_option
from model_serving.cli.review import review_command


@subcommand("drift", example="model-serving drift --stack prod", statuses=STATUSES_WITH_APPROVAL)
@stack_option()
@policy_pack_option()
@report_output_options()
@click.pass_context
def drift_command(
    ctx: click.Context, stack: str, packs: tuple[str, ...], form: str | None, files: tuple[Path, ...]
) -> int:
    """Report where the workspace differs from the stack files: changed outside, or not deployed.

    The same as `model-serving review --stack NAME --refresh`.
    """
    status = ctx.invoke(review_command, names=(stack,), refresh=True, packs=packs, form=form, files=files)
    return int(status)
