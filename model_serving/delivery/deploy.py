"""`pulumi up` of exactly what was reviewed."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.delivery.comparison import differences
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


def deploy(stack: str, folder: Path, packs: Sequence[str], reviewed: str, approved: Path | None = None) -> Outcome:
    """Preview again, compare with the reviewed digest, then apply the plan of that preview.

    The preview is that of a review: on a copy of the state, compared with the workspace. Where they differ, the state
    itself is brought up to date before `up`. The engine refuses whatever the plan doesn't hold, so a change made
    meanwhile in the stack files is refused. `approved` is a file that says what the reviewed digest covers, see
    `differences`. Raises NoPulumiError, InterruptedRunError and UsageError.
    """
    require_pulumi()
    progress(f"Previewing stack {stack}\n")
    try:
        with source_of(stack, folder, refreshed=True) as source:
            return _deploy(source, packs, reviewed, approved)
    except NoSourceError as error:
        failed = report(failed_preview(stack, error))
        return Outcome(deployed=False, message=_FAILED, report=failed, started=False)


def _deploy(source: Source, packs: Sequence[str], reviewed: str, approved: Path | None) -> Outcome:
    stack, folder = source.stack, source.folder
    with tempfile.TemporaryDirectory(prefix="model-serving-plan-") as name:
        plan = Path(name) / "plan.json"
        pricing = declared_pricing(stack, folder)
        now = report(preview_of(source, packs, plan), declared_in(stack, folder / "stacks"), pricing=pricing)
        if refused := _refused(now, reviewed, approved):
            return refused
        if not now.order:
            return Outcome(deployed=True, message="Nothing to deploy: the workspace is as declared", report=now)
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        progress(f"Deploying stack {stack} as reviewed\n")
        if problem := bring_up_to_date(source, Path(name)):
            return Outcome(deployed=False, message=f"Not deployed: {problem}", report=now, started=False)
        options_of_itself = () if source.is_copy else source.options
        # Bringing the state up to date has encrypted its secrets again: those that were reviewed count.
        itself = Source(stack, folder, os.environ, options_of_itself, state_secrets=source.state_secrets)
        if not source.plans_apply:
            again = report(preview_of(itself, packs, plan), declared_in(stack, folder / "stacks"), pricing=pricing)
            if refused := _refused(again, reviewed, approved):
                return refused
        up = ["--yes", "--skip-preview", "--plan", str(plan), *itself.options, *options]
        ran = run_pulumi("up", stack, folder, up, show=progress)
    if ran.interrupted_by and ran.status:
        raise InterruptedRunError(
            ran.interrupted_by, f"Interrupted ({ran.interrupted_by.name}). {_resume(stack, now.digest)}"
        )
    if ran.status:
        why = cause(ran.text, stack) or f"`pulumi up` ended with {ran.status}, see above"
        message = f"Not deployed: {why}. {_resume(stack, now.digest)}"
        return Outcome(deployed=False, message=message, report=now)
    return Outcome(deployed=True, message=f"Deployed as reviewed: {now.digest}", report=now)


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
    """The outcome of a plan that fails or that nobody has approved; None where it may be deployed."""
    if now.verdict is Verdict.FAILED:
        return Outcome(deployed=False, message=_FAILED, report=now, started=False)
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
