"""`pulumi up` of exactly what was reviewed."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_serving.errors import InterruptedRunError
from model_serving.review.assess.report import Report, Verdict, report
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.review.plan.run import failed_preview, preview_of
from model_serving.review.plan.state_copy.copy import source_of
from model_serving.review.plan.state_copy.source import NoSourceError, Source
from model_serving.review.plan.state_copy.stack_state import bring_up_to_date
from model_serving.spec.files.declarations import declared_in


@dataclass(frozen=True)
class Outcome:
    """The result of a deployment. `report` is of what was deployed, or would have been."""

    deployed: bool
    message: str
    report: Report
    started: bool = True
    """Whether `pulumi up` ran: False where it was refused before."""

    @property
    def status(self) -> int:
        """The exit status: 2 where a person must approve what would be deployed now."""
        if self.deployed:
            return 0
        return 1 if self.started or self.report.verdict is Verdict.FAILED else Verdict.APPROVAL.exit_status


def deploy(stack: str, folder: Path, packs: Sequence[str], reviewed: str) -> Outcome:
    """Preview again, compare with the reviewed digest, then apply the plan of that preview.

    The preview is that of a review: on a copy of the state, compared with the workspace. Where they differ, the state
    itself is brought up to date before `up`. The engine refuses whatever the plan doesn't hold, so a change made
    meanwhile in the stack files is refused. Raises NoPulumiError and InterruptedRunError.
    """
    require_pulumi()
    progress(f"Previewing stack {stack}\n")
    try:
        with source_of(stack, folder, refreshed=True) as source:
            return _deploy(source, packs, reviewed)
    except NoSourceError as error:
        failed = report(failed_preview(stack, error))
        return Outcome(deployed=False, message=_refusal(failed, reviewed), report=failed, started=False)


def _deploy(source: Source, packs: Sequence[str], reviewed: str) -> Outcome:
    stack, folder = source.stack, source.folder
    with tempfile.TemporaryDirectory(prefix="model-serving-plan-") as name:
        plan = Path(name) / "plan.json"
        now = report(preview_of(source, packs, plan), declared_in(stack, folder / "stacks"))
        if refusal := _refusal(now, reviewed):
            return Outcome(deployed=False, message=refusal, report=now, started=False)
        if not now.order:
            return Outcome(deployed=True, message="Nothing to deploy: the workspace is as declared", report=now)
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        progress(f"Deploying stack {stack} as reviewed\n")
        if problem := bring_up_to_date(source, Path(name)):
            return Outcome(deployed=False, message=f"Not deployed: {problem}", report=now, started=False)
        itself = Source(stack, folder, os.environ, () if source.is_copy else source.options)
        if not source.plans_apply:
            again = report(preview_of(itself, packs, plan), declared_in(stack, folder / "stacks"))
            if refusal := _refusal(again, reviewed):
                return Outcome(deployed=False, message=refusal, report=again, started=False)
        up = ["--yes", "--skip-preview", "--plan", str(plan), *itself.options, *options]
        ran = run_pulumi("up", stack, folder, up, show=progress)
    if ran.interrupted_by and ran.status:
        raise InterruptedRunError(
            ran.interrupted_by, f"Interrupted ({ran.interrupted_by.name}). {_resume(stack, now.digest)}"
        )
    if ran.status:
        message = f"Not deployed: `pulumi up` ended with {ran.status}, see above. {_resume(stack, now.digest)}"
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


def _refusal(now: Report, reviewed: str) -> str:
    if now.verdict is Verdict.FAILED:
        return "Not deployed: the preview fails now, or a policy refuses it"
    if now.digest != reviewed and now.order:
        what = f"digest {reviewed}" if reviewed else "nothing"
        return (
            f"Not deployed: {what} was reviewed, and the digest is {now.digest} now. "
            "The stack's state or the branch has changed since; have the change reviewed again"
        )
    return ""
