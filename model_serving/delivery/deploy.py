"""`pulumi up` of exactly what was reviewed."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_serving.errors import InterruptedRunError
from model_serving.review.assess.report import Report, Verdict, report
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.run import preview, run_pulumi
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

    Both read the workspace first (`--refresh`), to find what was changed outside. The engine refuses whatever the plan
    doesn't hold, so a change made meanwhile, in the stack files or outside, is refused. Raises NoPulumiError and
    InterruptedRunError.
    """
    with tempfile.TemporaryDirectory(prefix="model-serving-plan-") as name:
        plan = Path(name) / "plan.json"
        now = report(preview(stack, folder, packs, refresh=True, plan=plan), declared_in(stack, folder / "stacks"))
        if refusal := _refusal(now, reviewed):
            return Outcome(deployed=False, message=refusal, report=now, started=False)
        if not now.order:
            return Outcome(deployed=True, message="Nothing to deploy: the workspace is as declared", report=now)
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        progress(f"Deploying stack {stack} as reviewed\n")
        up = ["--yes", "--skip-preview", "--refresh", "--plan", str(plan), *options]
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
