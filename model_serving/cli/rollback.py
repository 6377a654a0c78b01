"""`model-serving rollback`: back to what served before, at once."""

import json
from pathlib import Path
from typing import Any

import click

from model_serving.cli.command import subcommand
from model_serving.cli.confirmation import confirmed, yes_option
from model_serving.cli.options import json_option, stack_option
from model_serving.delivery.patch import require_writable
from model_serving.delivery.rollback.keep import keep_in_commit, keep_in_patch, require_committable
from model_serving.delivery.rollback.rollback import PlannedRollback, deploy_rollback, plan_rollback
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.delivery.rollback.summary import rollback_summary
from model_serving.errors import UsageError, UserError
from model_serving.review.plan.engine_process import progress
from model_serving.spec.rollout_record import split_text


@subcommand("rollback", example="model-serving rollback fraud-scorer --stack prod --yes --patch rollback.patch")
@click.argument("endpoint")
@stack_option()
@click.option(
    "--to",
    metavar="PLACE",
    help="A served entity, a split (champion=100,challenger=0) or a model version, in place of the last good split.",
)
@yes_option()
@click.option("--patch", type=Path, metavar="FILE", help="Write the change of the stack file to this file.")
@click.option("--commit", is_flag=True, help="Commit the change of the stack file to the current branch.")
@json_option()
def rollback_command(
    endpoint: str, stack: str, to: str | None, patch: Path | None, *, yes: bool, commit: bool, as_json: bool
) -> int:
    """Bring ENDPOINT back to the split before its last rollout, or before its last deployment.

    Nothing else of the stack is deployed. Then the stack file's change is printed, as a patch: without it, the next
    deployment undoes the rollback.
    """
    if patch and commit:
        raise UsageError("Choose one of --patch and --commit")
    if patch:
        require_writable(patch)
    folder = Path.cwd()
    planned = plan_rollback(stack, endpoint, to, folder)
    progress(rollback_summary(planned))
    change, reason = _change(planned)
    if commit and change:
        require_committable(folder, change)
    if not planned.is_live:
        if not confirmed("Roll back now?", yes=yes):
            raise UserError("Not rolled back")
        after = deploy_rollback(planned, progress)
        progress(f"{planned.deployed.name} serves {split_text(after.traffic)}\n")
    else:
        progress(f"{planned.deployed.name} serves that already: nothing to deploy\n")
    kept = _keep(planned, change, reason, patch, commit=commit, as_json=as_json)
    if as_json:
        click.echo(json.dumps(_result(planned, change), indent=2))
    return 0 if kept else 1


def _change(planned: PlannedRollback) -> tuple[StackFileChange | None, str]:
    """The change of the stack files; None with the reason where it can't be made, which stops no rollback."""
    try:
        return planned.change(), ""
    except UserError as error:
        return None, str(error)


def _keep(
    planned: PlannedRollback,
    change: StackFileChange | None,
    reason: str,
    patch: Path | None,
    *,
    commit: bool,
    as_json: bool,
) -> bool:
    """Write the change of the stack files where it is wanted, and say how it is applied."""
    if change is None:
        progress(f"The stack files are not changed, so the next deployment may undo this: {reason}\n")
        return False
    if not change.patch:
        progress("The stack files declare it already\n")
    elif commit:
        progress(keep_in_commit(planned, change))
    else:
        if not patch and not as_json:
            click.echo(change.patch, nl=False)
        progress(
            keep_in_patch(change, patch, "`patch` in the JSON on standard output" if as_json else "the patch above")
        )
    return True


def _result(planned: PlannedRollback, change: StackFileChange | None) -> dict[str, Any]:
    return {
        "stack": planned.targets.stack,
        "endpoint": planned.deployed.key,
        "from": dict(planned.live.traffic),
        "to": dict(planned.goal.traffic),
        "versions": dict(planned.goal.versions),
        "why": planned.goal.why,
        "patch": change.patch if change else None,
    }
