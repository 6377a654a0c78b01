"""What a plan means for the rollouts of a stack: which go, which may be continued, and what refuses it."""

from collections.abc import Sequence
from dataclasses import dataclass

from model_serving.delivery.rollout.change_parts import approval_of, is_rest_of
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.delivery.rollout.declared_rollouts import DeclaredRollouts, undeclared_entities
from model_serving.delivery.rollout.sentences import failed_before, start_again
from model_serving.errors import UsageError
from model_serving.review.assess.report import Report
from model_serving.review.plan.preview import Preview
from model_serving.spec.rollout_record import Approval
from model_serving.spec.validation.suggestions import suggestion


@dataclass(frozen=True)
class Staging:
    """The rollouts that a plan means."""

    stack: str
    rollouts: tuple[PlannedRollout, ...]
    unmoved: tuple[PlannedRollout, ...]
    """Those that were not chosen: they keep their live split."""
    approval: Approval
    is_continued: bool
    """Whether the plan is what is left of the one that was approved when a rollout began."""

    def refusal(self, reviewed: str, *, again: bool) -> str:
        """Why nothing may be deployed; empty if something may."""
        if faults := undeclared_entities(self.rollouts):
            return "\n  ".join(["a rollout can't move traffic from an entity that is gone:", *faults])
        failed = {each.key: each.failure for each in self.rollouts if each.failure}
        same = {key: each for key, each in failed.items() if reviewed and each.approval.digest == reviewed}
        if same and not again:
            before = " ".join(failed_before(key, each) for key, each in same.items())
            return f"{before}\n{start_again(self.stack, reviewed)}"
        return ""


def staging_of(
    declared: DeclaredRollouts, previewed: Preview, now: Report, reviewed: str, chosen: Sequence[str] = ()
) -> Staging:
    """The rollouts of a plan. `chosen` are endpoints by key, or by name in the workspace; all without any.

    Raises UsageError for another one.
    """
    keys_of = {name: key for key, name in declared.names.items()}
    chosen = [key if key in declared.endpoints else keys_of.get(key, key) for key in chosen]
    if unknown := [key for key in chosen if key not in declared.endpoints]:
        hint = suggestion(unknown[0], sorted(declared.endpoints), "Endpoints with a rollout")
        raise UsageError(f'Stack "{declared.stack}" declares no rollout of an endpoint "{unknown[0]}". {hint}')
    every = declared.planned(previewed)
    rollouts = tuple(each for each in every if not chosen or each.key in chosen)
    unmoved = tuple(each for each in every if each not in rollouts)
    keys = declared.with_companions(each.key for each in every)
    begun = [record for each in every if (record := each.attempt)]
    earlier = next((each.approval for each in begun if reviewed and each.approval.digest == reviewed), None)
    if earlier and now.digest != reviewed and is_rest_of(earlier, now.covered, previewed.steps, keys):
        return Staging(declared.stack, rollouts, unmoved, earlier, is_continued=True)
    approval = approval_of(now.digest, now.covered, previewed.steps, keys)
    return Staging(declared.stack, rollouts, unmoved, approval, is_continued=False)
