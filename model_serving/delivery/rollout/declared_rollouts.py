"""The rollouts that a stack declares: their histories, who runs them, and what a plan means for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.delivery.rollout.change_parts import endpoint_steps
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.delivery.rollout.live_split import settled_split
from model_serving.delivery.rollout.owner import is_dead_here, may_go_on
from model_serving.delivery.rollout.traffic import models_of, routes_of, split_of
from model_serving.delivery.stack_state import NoStackError, state_resources
from model_serving.errors import UserError
from model_serving.operations.live.targets import read_targets
from model_serving.operations.rollout_history import History, read_history
from model_serving.review.plan.preview import Preview, Step
from model_serving.spec import Endpoint, SpecError, endpoint_name, load_stack
from model_serving.spec.rollout_record import Owner, split_text
from model_serving.spec.succession import predecessor_address, predecessor_of, shares_traffic
from model_serving.spec.vocabulary.stack import Stack


class RolloutRunsError(UserError):
    """Another process runs a rollout of an endpoint of this stack."""


@dataclass(frozen=True)
class DeclaredRollouts:
    """The endpoints of a stack that declare a rollout, by key; empty where the stack's files can't be used."""

    stack: str
    folder: Path
    spec: Stack | None = None
    histories: Mapping[str, History] = field(default_factory=dict)

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """The endpoints, by key."""
        return {key: each for key, each in self.spec.endpoints.items() if each.rollout} if self.spec else {}

    @cached_property
    def names(self) -> dict[str, str]:
        """Their names in the workspace."""
        return {key: endpoint_name(self.spec, key) for key in self.endpoints} if self.spec else {}

    @cached_property
    def companions(self) -> dict[str, str]:
        """What commands know the predecessor by that has the traffic of an endpoint, by the endpoint's key."""
        pairs = {key: predecessor_of(self.spec, key) for key in self.endpoints} if self.spec else {}
        return {
            key: predecessor_address(key)
            for key, predecessor in pairs.items()
            if predecessor and shares_traffic(self.endpoints[key], predecessor)
        }

    def with_companions(self, keys: Iterable[str]) -> list[str]:
        """The keys, and the predecessors whose traffic moves with them."""
        return [each for key in keys for each in (key, self.companions.get(key)) if each]

    @cached_property
    def workspace(self) -> Workspace:
        """The stack's workspace, whose calls wait no longer than a request. Raises UserError."""
        return read_targets(self.stack).workspace

    @property
    def unfinished(self) -> dict[str, History]:
        """The rollouts that were begun and did not end, by key."""
        return {key: each for key, each in self.histories.items() if each.is_running and key in self.endpoints}

    def require_free(self, me: Owner, now: datetime, *, take_over: bool) -> None:
        """Raise RolloutRunsError if another process may still run one of the rollouts."""
        for key, history in self.unfinished.items():
            owner = history.record.owner
            if not take_over and may_go_on(owner, me, now):
                raise RolloutRunsError(_runs(key, history, is_here=owner.host == me.host))

    def were_left_here(self, me: Owner) -> bool:
        """Whether a process of this host left one without ending it: its `pulumi` may still run."""
        return any(is_dead_here(each.record.owner, me) for each in self.unfinished.values())

    def wait(self, notify: Callable[[str], None]) -> None:
        """Wait until no update of an endpoint in an unfinished rollout is in progress. Raises UserError."""
        for key in self.unfinished:
            try:
                settled_split(self.workspace, self.names[key], notify)
            except WorkspaceError as error:
                raise UserError(f"{key} can't be read: {error}") from None

    def planned(self, preview: Preview) -> list[PlannedRollout]:
        """The rollouts that a plan means: a changed split, or one that was begun and not ended."""
        steps = endpoint_steps(preview.steps)
        every = [self._planned(key, steps[key]) for key in self.endpoints if key in steps and _stays(steps[key])]
        return [each for each in every if each.splits or each.unfinished]

    def _planned(self, key: str, step: Step) -> PlannedRollout:
        endpoint = self.endpoints[key]
        assert endpoint.rollout, "Only endpoints that declare one are listed"
        target = routes_of(step.new)
        # With the target's routes, so that going back leaves them: what has none is a difference to the stack file.
        live = {**dict.fromkeys(target, 0), **(split_of(step.outputs) or split_of(step.old))}
        return PlannedRollout(key, endpoint.rollout, live, target, models_of(step.new), self.histories.get(key))


def read_rollouts(stack: str, folder: Path) -> DeclaredRollouts:
    """The rollouts that a stack's files declare. The state is read only where there are some. Raises StateError."""
    try:
        spec = load_stack(stack, folder / "stacks")
    except SpecError:
        return DeclaredRollouts(stack, folder)  # the preview reports it
    if not any(each.rollout for each in spec.endpoints.values()):
        return DeclaredRollouts(stack, folder, spec)
    try:
        resources = state_resources(stack, folder)
    except NoStackError:
        return DeclaredRollouts(stack, folder, spec)
    return DeclaredRollouts(stack, folder, spec, read_history(stack, resources))


def undeclared_entities(rollouts: Sequence[PlannedRollout]) -> list[str]:
    """What is wrong where a served entity has traffic and is not declared any more: no step can give it its share."""
    return [
        f'{each.key}: "{name}" has {share} % of the traffic and is removed at once. Keep it in the stack file with'
        " 0 %, and remove it when the rollout has reached its target"
        for each in rollouts
        for name, share in each.live.items()
        if share and name not in each.entities and each.splits
    ]


def _stays(step: Step) -> bool:
    """Whether the endpoint exists and is not replaced: a new one gets its traffic at once."""
    return step.op in ("same", "update")


def _runs(key: str, history: History, *, is_here: bool) -> str:
    record, owner = history.record, history.record.owner
    who = f"process {owner.pid} on {owner.host}" + (f" ({owner.job})" if owner.job else "")
    ends = "it ends" if is_here else f"it ends, at the latest {owner.until[:16].replace('T', ' ')} UTC"
    return (
        f"A rollout of {key} runs already: {who} is at {split_text(record.split)}. Nothing was changed."
        f" Wait until {ends}. If that process has ended for certain, add --take-over to the same command"
    )
