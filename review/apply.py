"""`up` of exactly what was reviewed, or a refusal that says what is different now."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from review.places import declared_in
from review.report import Report, Verdict, report
from review.running import preview, run_pulumi


@dataclass(frozen=True)
class Outcome:
    """What became of it. `report` is what would have been, or was, deployed."""

    deployed: bool
    message: str
    report: Report


def deploy(stack: str, folder: Path, packs: Sequence[str], reviewed: str) -> Outcome:
    """Preview again, compare with the reviewed digest, then carry out that very preview's plan.

    Both look at the workspace first (`--refresh`): after an update that was refused, the state holds values that never
    arrived. The engine refuses to do anything that the plan doesn't hold, so nothing can slip in between; a change made
    outside meanwhile is refused, too. Raises NoPulumiError.
    """
    with tempfile.TemporaryDirectory(prefix="model-serving-plan-") as name:
        plan = Path(name) / "plan.json"
        now = report(preview(stack, folder, packs, refresh=True, plan=plan), declared_in(stack, folder / "stacks"))
        if refusal := _refusal(now, reviewed):
            return Outcome(deployed=False, message=refusal, report=now)
        if not now.order:
            return Outcome(deployed=True, message="Nothing to do: the workspace is as declared", report=now)
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        status, printed = run_pulumi(
            "up", stack, folder, ["--yes", "--skip-preview", "--refresh", "--plan", str(plan), *options]
        )
    return Outcome(deployed=status == 0, message=printed.strip(), report=now)


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
