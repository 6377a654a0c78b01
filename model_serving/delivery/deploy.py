"""`pulumi up` of exactly what was reviewed."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from model_serving.delivery.comparison import differences
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.delivery.rollout.declared_rollouts import DeclaredRollouts, read_rollouts
from model_serving.delivery.rollout.owner import this_process
from model_serving.delivery.rollout.stack_lock import locked_by, released
from model_serving.delivery.rollout.staged import StagedDeployment, StateMovedError
from model_serving.delivery.rollout.staging import Staging, staging_of
from model_serving.errors import InterruptedRunError
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.stack_cost import declared_pricing
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.review.plan.run import failed_preview, preview_of
from model_serving.review.plan.state_copy.copy import source_of
from model_serving.review.plan.state_copy.source import NoSourceError, Source
from model_serving.review.plan.state_copy.state_update import bring_up_to_date
from model_serving.spec.files.declarations import declared_in
from model_serving.spec.files.rollout_step import VARIABLE
from model_serving.state_backend import cause


@dataclass(frozen=True)
class Outcome:
    """The result of a deployment. `report` is of what was deployed, or would have been."""

    deployed: bool
    message: str
    report: Report
    started: bool = True
    """Whether `pulumi up` ran: False where it was refused before."""
    unapproved: bool = False
    """Whether a person must approve first what would be deployed now. Nothing was written then."""

    @property
    def status(self) -> int:
        """The exit status of the command."""
        if self.unapproved:
            return Verdict.APPROVAL.exit_status
        return 0 if self.deployed else 1


@dataclass(frozen=True)
class Command:
    """What the command line says."""

    stack: str
    folder: Path
    packs: Sequence[str]
    again: bool = False
    """Start a rollout of the same target again after its gate failed it."""
    take_over: bool = False
    """Go on with a rollout though its process may still run."""
    chosen: Sequence[str] = ()
    """The endpoints that roll out; all without any. The others keep their live split."""


Approve = Callable[[Report, Sequence[PlannedRollout]], Outcome | None]
"""The outcome of a plan that nobody has approved, or None where it may be deployed."""


def deploy(
    stack: str,
    folder: Path,
    packs: Sequence[str],
    reviewed: str,
    approved: Path | None = None,
    *,
    again: bool = False,
    take_over: bool = False,
) -> Outcome:
    """Preview again, compare with the reviewed digest, then apply the plan of that preview.

    The preview is that of a review: on a copy of the state, compared with the workspace. Where they differ, the state
    itself is brought up to date before `up`. The engine refuses whatever the plan doesn't hold, so a change made
    meanwhile in the stack files is refused. `approved` is a file that says what the reviewed digest covers, see
    `differences`. Endpoints that declare a rollout get their traffic in its steps, see `rollout`; `again` and
    `take_over` are those of Command. Raises NoPulumiError, InterruptedRunError, RolloutRunsError and UsageError.
    """

    def approve(now: Report, _rollouts: Sequence[PlannedRollout]) -> Outcome | None:
        return _refused(now, reviewed, approved)

    return carry_out(Command(stack, folder, packs, again, take_over), approve, reviewed)


def carry_out(command: Command, approve: Approve, reviewed: str = "") -> Outcome:
    """Deploy what `approve` lets pass. `reviewed` is the digest that a rollout may be continued with."""
    require_pulumi()
    progress(f"Previewing stack {command.stack}\n")
    for _ in range(_ATTEMPTS):
        try:
            return _carry_out(command, approve, reviewed)
        except StateMovedError:
            progress(
                f"An earlier run's Pulumi has finished what it had begun. Previewing stack {command.stack} again\n"
            )
    message = f"Not deployed: the state of stack {command.stack} was changed by others {_ATTEMPTS} times meanwhile"
    return Outcome(deployed=False, message=message, report=_unknown(command.stack), started=False)


_ATTEMPTS: Final = 3


def _unknown(stack: str) -> Report:
    return report(failed_preview(stack, NoSourceError("The state was changed by others meanwhile")))


def _carry_out(command: Command, approve: Approve, reviewed: str) -> Outcome:
    stack, folder = command.stack, command.folder
    declared = read_rollouts(stack, folder)
    declared.require_free(this_process(), datetime.now(UTC), take_over=command.take_over)
    declared.wait(progress)
    try:
        with source_of(stack, folder, refreshed=True) as source:
            outcome = _deploy(source, command, declared, approve, reviewed)
    except NoSourceError as error:
        failed = report(failed_preview(stack, error))
        return Outcome(deployed=False, message=_FAILED, report=failed, started=False)
    # Outside of the copy: a rollout takes as long as its bakes.
    return outcome if isinstance(outcome, Outcome) else _rolled_out(*outcome)


def _deploy(
    source: Source, command: Command, declared: DeclaredRollouts, approve: Approve, reviewed: str
) -> Outcome | tuple[StagedDeployment, Report]:
    stack, folder, packs = source.stack, source.folder, command.packs
    with tempfile.TemporaryDirectory(prefix="model-serving-plan-") as name:
        plan = Path(name) / "plan.json"
        pricing = declared_pricing(stack, folder)
        previewed = preview_of(source, packs, plan)
        now = report(previewed, declared_in(stack, folder / "stacks"), pricing=pricing)
        staging = staging_of(declared, previewed, now, reviewed, command.chosen)
        if refused := _not_deployed(now, staging, command, approve, reviewed):
            return refused
        progress(f"{_begins(staging)}\n")
        if problem := bring_up_to_date(source, Path(name)):
            _require_no_lock_of_an_earlier_run(problem, declared)
            return Outcome(deployed=False, message=f"Not deployed: {problem}", report=now, started=False)
        options_of_itself = () if source.is_copy else source.options
        # Bringing the state up to date has encrypted its secrets again: those that were reviewed count.
        itself = Source(stack, folder, os.environ, options_of_itself, state_secrets=source.state_secrets)
        if staging.rollouts:
            return StagedDeployment(declared, staging, previewed, packs, itself), now
        if not source.plans_apply:
            again = report(preview_of(itself, packs, plan), declared_in(stack, folder / "stacks"), pricing=pricing)
            if refused := _not_deployed(again, staging, command, approve, reviewed):
                return refused
        return _up(itself, packs, plan, now)


def _begins(staging: Staging) -> str:
    if staging.is_continued:
        return f"Continuing what was approved as {staging.approval.digest} on stack {staging.stack}"
    return f"Deploying stack {staging.stack} as reviewed"


def _not_deployed(now: Report, staging: Staging, command: Command, approve: Approve, reviewed: str) -> Outcome | None:
    """The outcome of a plan that fails, that may not be deployed, or that does nothing; None where it is deployed."""
    if now.verdict is Verdict.FAILED:
        return Outcome(deployed=False, message=_FAILED, report=now, started=False)
    if refusal := staging.refusal(reviewed, again=command.again):
        return Outcome(deployed=False, message=f"Not deployed: {refusal}", report=now, started=False)
    if not staging.is_continued and (refused := approve(now, staging.rollouts)):
        return refused
    if not now.order and not staging.rollouts:
        return Outcome(deployed=True, message="Nothing to deploy: the workspace is as declared", report=now)
    return None


def _up(itself: Source, packs: Sequence[str], plan: Path, now: Report) -> Outcome:
    """Apply a saved plan."""
    stack = itself.stack
    options = [option for pack in packs for option in ("--policy-pack", pack)]
    flags = ["--yes", "--skip-preview", "--plan", str(plan), *itself.options, *options]
    # Each endpoint gets its declared traffic, whatever step the shell names.
    environment = {name: value for name, value in itself.environment.items() if name != VARIABLE}
    ran = run_pulumi("up", stack, itself.folder, flags, show=progress, environment=environment)
    if ran.interrupted_by and ran.status:
        raise InterruptedRunError(
            ran.interrupted_by, f"Interrupted ({ran.interrupted_by.name}). {_resume(stack, now.digest)}"
        )
    if ran.status:
        why = cause(ran.text, stack) or f"`pulumi up` ended with {ran.status}, see above"
        message = f"Not deployed: {why}. {_resume(stack, now.digest)}"
        return Outcome(deployed=False, message=message, report=now)
    return Outcome(deployed=True, message=f"Deployed as reviewed: {now.digest}", report=now)


def _require_no_lock_of_an_earlier_run(problem: str, declared: DeclaredRollouts) -> None:
    """Raise StateMovedError once the lock is gone that a rollout which was killed on this host has left."""
    lock = locked_by(problem) if declared.were_left_here(this_process()) else None
    if lock and released(lock, declared.stack, declared.folder, progress):
        raise StateMovedError


def _rolled_out(staged: StagedDeployment, now: Report) -> Outcome:
    """Roll out, and say how it ended."""
    result = staged.run()
    now = replace(now, rolled_out=result.records)
    return Outcome(deployed=result.succeeded, message=result.message, report=now)


def _resume(stack: str, digest: str) -> str:
    """How to continue. The digest is another one as soon as a part of the change is deployed."""
    return f"""Completed steps stay deployed, and the stack's state records them. To continue:
  model-serving review --stack {stack} --refresh
      reports the remaining steps and their digest
  model-serving deploy --stack {stack} --reviewed DIGEST
      deploys them; if no step was completed, the digest is still {digest}
  pulumi cancel --stack {stack} --yes
      run this first if pulumi reports that the stack is locked and no other deployment of it is running"""


_FAILED: Final = "Not deployed: the preview fails now, or a policy refuses it"


def _refused(now: Report, reviewed: str, approved: Path | None) -> Outcome | None:
    """The outcome of a plan that nobody has approved; None where it may be deployed."""
    if now.digest == reviewed or not now.order:
        return None
    message = _way_on(now, reviewed, differences(approved, reviewed, now))
    return Outcome(deployed=False, message=message, report=now, started=False, unapproved=True)


def _way_on(now: Report, reviewed: str, why: Sequence[str]) -> str:
    """What was approved, what would be deployed, and how that is approved."""
    if reviewed:
        differs = "; ".join(why) or "the files, the state or the workspace have changed since"
        what = f"the plan is not the approved one: {differs}\n  approved digest: {reviewed}"
    else:
        what = "no approved report was found"
    return f"""Not deployed: {what}
  digest now:      {now.digest}
The report above is what a deployment would do now. When a person has approved it, deploy it with
  model-serving deploy --stack {now.stack} --reviewed {now.digest}
In the pipeline a second job does that, after the approval of the environment"""
