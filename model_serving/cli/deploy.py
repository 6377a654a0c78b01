"""`model-serving deploy`: `pulumi up` of exactly what was reviewed."""

from collections.abc import Sequence
from pathlib import Path

import click

from model_serving.cli.command import STATUSES_WITH_APPROVAL, subcommand
from model_serving.cli.options import again_option, policy_pack_option, stack_option, take_over_option
from model_serving.cli.reports import write_reports
from model_serving.delivery.deploy import Outcome, deploy
from model_serving.delivery.removed_stacks import missing_file
from model_serving.delivery.stamp import stamp_of, with_stamp
from model_serving.review.render.rollout_history import rollouts_text
from model_serving.spec.files.listing import has_file


@subcommand(
    "deploy",
    example="model-serving deploy --stack prod --reviewed 2644bafce79910cbd4075982c3cc61d2",
    statuses=STATUSES_WITH_APPROVAL,
)
@stack_option()
@click.option("--reviewed", metavar="DIGEST", default="", help="Digest of the report that was approved.")
@policy_pack_option()
@click.option(
    "--output",
    "files",
    type=Path,
    metavar="FILE",
    multiple=True,
    help="Write the report of what is deployed, or needs approval, to this file, in the format of its extension.",
)
@click.option(
    "--compare",
    "approved",
    type=Path,
    metavar="FILE",
    help="What was approved, to name what differs: from `ci approved-digest --output`, or a review's report in JSON.",
)
@again_option()
@take_over_option()
def deploy_command(
    stack: str,
    reviewed: str,
    packs: tuple[str, ...],
    files: tuple[Path, ...],
    approved: Path | None,
    *,
    again: bool,
    take_over: bool,
) -> int:
    """Preview again, compare with the digest of the review, and apply exactly that preview.

    If the preview is not the one that was reviewed, nothing is written and the exit status is 2: what it would do now
    has to be approved first. An endpoint that declares a rollout gets its traffic in steps; if this command is killed,
    the same command continues.
    """
    folder = Path.cwd()
    if not has_file(folder, stack):
        raise missing_file(folder, stack)
    outcome = deploy(stack, folder, packs, reviewed.strip(), approved, again=again, take_over=take_over)
    write_outcome(outcome, files, folder)
    return outcome.status


def write_outcome(outcome: Outcome, files: Sequence[Path], folder: Path) -> None:
    """Write the report to its files, and to standard output if nothing was deployed; then how it ended."""
    report = with_stamp(outcome.report, stamp_of(folder), folder)
    try:
        if files:
            write_reports([report], None, files, folder)
    finally:  # a file that can't be written must not hide what was deployed
        if not outcome.started:
            write_reports([report], None, (), folder)
        if report.rolled_out:
            click.echo(rollouts_text(report.rolled_out))
        click.echo(outcome.message)
