"""`model-serving rollout`: roll out by hand what the stack files declare."""

from collections.abc import Sequence
from pathlib import Path

import click

from model_serving.cli.command import subcommand
from model_serving.cli.confirmation import confirmed, yes_option
from model_serving.cli.deploy import write_outcome
from model_serving.cli.options import again_option, policy_pack_option, stack_option, take_over_option
from model_serving.cli.reports import write_reports
from model_serving.delivery.deploy import Command, Outcome, carry_out
from model_serving.delivery.removed_stacks import missing_file
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.delivery.rollout.sentences import failed_before, steps_ahead
from model_serving.review.assess.report import Report
from model_serving.spec.files.listing import has_file


@subcommand("rollout", example="model-serving rollout fraud-scorer --stack prod")
@stack_option()
@click.argument("endpoints", metavar="[ENDPOINT]...", nargs=-1)
@yes_option()
@again_option()
@take_over_option()
@policy_pack_option()
@click.option("--output", "files", type=Path, metavar="FILE", multiple=True, help="Write the report to this file, too.")
def rollout_command(
    stack: str,
    endpoints: tuple[str, ...],
    packs: tuple[str, ...],
    files: tuple[Path, ...],
    *,
    yes: bool,
    again: bool,
    take_over: bool,
) -> int:
    """Bring the traffic of endpoints to what is declared, in the steps of their `rollout`.

    Prints the report of the whole change and the steps, and asks. Every other change of the stack is deployed with the
    first step. If this command is killed, the same command continues.
    """
    folder = Path.cwd()
    if not has_file(folder, stack):
        raise missing_file(folder, stack)

    def approve(now: Report, rollouts: Sequence[PlannedRollout]) -> Outcome | None:
        return _asked(now, rollouts, folder, yes=yes, again=again)

    outcome = carry_out(Command(stack, folder, packs, again, take_over, endpoints), approve)
    write_outcome(outcome, files, folder)
    return outcome.status


def _asked(now: Report, rollouts: Sequence[PlannedRollout], folder: Path, *, yes: bool, again: bool) -> Outcome | None:
    """Show what would be done, and ask. Raises UsageError without a terminal."""
    if not rollouts:
        others = f"\nOther changes are deployed by: model-serving deploy --stack {now.stack}" if now.order else ""
        return Outcome(deployed=True, message=f"Nothing to roll out: traffic is as declared{others}", report=now)
    if now.order:
        write_reports([now], None, (), folder)
    click.echo("\n".join(map(steps_ahead, rollouts)))
    failed = [failed_before(each.key, each.failure) for each in rollouts if each.failure]
    if failed:
        click.echo("\n".join(failed))
    if yes and failed and not again:
        return Outcome(deployed=False, message="Not rolled out: start it again with --again", report=now)
    if confirmed("Roll out now?", yes=yes):
        return None
    return Outcome(deployed=False, message="Not rolled out", report=now)
