"""`up` of exactly what was reviewed, or a refusal that says what is different now."""

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
    """What became of it. `report` is what would have been, or was, deployed."""

    deployed: bool
    message: str
    report: Report
    tried: bool = True
    """Whether `up` ran: False where it was refused before."""


def deploy(stack: str, folder: Path, packs: Sequence[str], reviewed: str) -> Outcome:
    """Preview again, compare with the reviewed digest, then carry out that very preview's plan.

    Both read the workspace first (`--refresh`), to find what was changed outside. The engine refuses to do anything
    that the plan doesn't hold, so nothing can slip in between; a change made outside meanwhile is refused, too. Raises
    NoPulumiError and InterruptedRunError.
    """
    with tempfile.TemporaryDirectory(prefix="model-serving-plan-") as name:
        plan = Path(name) / "plan.json"
        now = report(preview(stack, folder, packs, refresh=True, plan=plan), declared_in(stack, folder / "stacks"))
        if refusal := _refusal(now, reviewed):
            return Outcome(deployed=False, message=refusal, report=now, tried=False)
        if not now.order:
            return Outcome(deployed=True, message="Nothing to do: the workspace is as declared", report=now)
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
    """How to go on. Where something was done, another digest is due; where nothing was, the same holds."""
    return f"""What was done stays done, and the stack's state holds it. To go on:
  make review STACK={stack}
      what is left to do, and its digest
  make deploy STACK={stack} REVIEWED=DIGEST
      does it; where nothing was done yet, the digest is still {digest}
  pulumi cancel --stack {stack} --yes
      first, where pulumi says that the stack is locked, and no other deployment of it runs"""


def _refusal(now: Report, reviewed: str) -> str:
    if now.verdict is Verdict.FAILED:
        return "Not deployed: the preview fails now, or a policy forbids it"
    if now.digest != reviewed and now.order:
        was = f"digest {reviewed}" if reviewed else "nothing"
        return (
            f"Not deployed: reviewed was {was}, and what would be done now is {now.digest}. "
            "The stack's state or the branch moved since; let the change be reviewed again"
        )
    return ""
