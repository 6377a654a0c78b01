"""An `up` that only imports what a stack file adopts: refused if it would do anything else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from model_serving.delivery.adopt.adopted_ids import without_adopt_ids
from model_serving.delivery.deploy import Command, Outcome, carry_out
from model_serving.delivery.file_text import file_text
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.errors import InterruptedRunError, UserError
from model_serving.review.assess.adoptions import is_pure_adoption
from model_serving.review.assess.report import Report
from model_serving.review.assess.resource_change import Action

_NAMED: Final = 5
_AGAIN: Final = (
    "Run the same command again to go on: what is imported stays imported, and its `adopt_id` has no effect any more"
)

Deploy = Callable[[Command, Callable[[Report, Sequence[PlannedRollout]], Outcome | None]], Outcome]


def import_adopted(
    stack: str, folder: Path, packs: Sequence[str], change: StackFileChange, deploy: Deploy = carry_out
) -> Outcome:
    """Write the change, import what the stack file adopts, and take its `adopt_id` lines out again.

    If the preview has any other step, nothing is imported, and the stack file is as it was. After a run that ended
    early the file keeps its lines, so that the same command goes on. Raises what `carry_out` raises.
    """
    before = {file: file_text(folder / file) for file in change.files}
    _write(folder, change.files)
    try:
        outcome = deploy(Command(stack, folder, packs), only_imports)
    except InterruptedRunError:
        raise  # what is imported must stay declared
    except UserError:
        _write(folder, before)
        raise
    if not outcome.started:
        _write(folder, before)
        return outcome
    if not outcome.deployed:
        return replace(outcome, message=f"{outcome.message}\n{_AGAIN}")
    left = ""
    try:
        _write(folder, without_adopt_ids(stack, folder).files)
    except UserError as error:
        left = f"\n{error}"
    number = sum(each.action is Action.ADOPT for each in outcome.report.resources)
    done = f"{number} endpoint{'s' * (number != 1)} imported" if number else "Everything is imported already"
    message = f"{done}, nothing was written to the workspace. The next preview of stack {stack} shows no change{left}"
    return replace(outcome, message=message)


def only_imports(now: Report, _rollouts: Sequence[PlannedRollout]) -> Outcome | None:
    """The refusal of a plan with any other step; None for imports alone."""
    others = [each for each in now.resources if each.action is not Action.NONE and not is_pure_adoption(each)]
    writes = [str(write.text) for write in now.order if write.verb != "Import"]
    if not others and not writes:
        return None
    what = writes or [f"{each.kind} {each.key}: {each.action.done}" for each in others]
    more = f" and {len(what) - _NAMED} more" if len(what) > _NAMED else ""
    message = (
        f"Nothing was imported: `pulumi up` would do more than that: {', '.join(what[:_NAMED])}{more}. Deploy or take"
        " back those changes first; or use --write, and have the whole change reviewed"
    )
    return Outcome(deployed=False, message=message, report=now, started=False)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8", newline="")
