"""Rolls one endpoint back: where to, what that changes, the deployment, and the change of the stack files after it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from model_serving.delivery.rollback.deployed import DeployedEndpoint, companion_of, deployed_endpoint
from model_serving.delivery.rollback.destination import chosen_goal
from model_serving.delivery.rollback.free_stack import run_when_free
from model_serving.delivery.rollback.goal import Goal, served
from model_serving.delivery.rollback.last_good import last_good_goal
from model_serving.delivery.rollback.live import LiveEndpoint, live_endpoint, moved_aliases, settled_live_endpoint
from model_serving.delivery.rollback.record import rollback_step
from model_serving.delivery.rollback.restore_run import RestoreRun
from model_serving.delivery.rollback.stack_file_change import StackFileChange, stack_file_change
from model_serving.errors import UserError
from model_serving.operations.live.targets import Targets, read_targets
from model_serving.operations.outputs import spec_name
from model_serving.operations.rollout_history import read_history
from model_serving.operations.stack_state import state_resources
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.spec.rollout_record import split_text
from model_serving.state_backend import cause

_TRIES: Final = 5
"""Another run may write the record between two tries, at most once for each of its steps."""

Notify = Callable[[str], None]


class RollbackFailedError(UserError):
    """The rollback was not deployed. The text says what serves."""


@dataclass(frozen=True)
class PlannedRollback:
    """A rollback that nobody has confirmed yet. Nothing is written."""

    targets: Targets
    folder: Path
    deployed: DeployedEndpoint
    live: LiveEndpoint
    goal: Goal
    companion: DeployedEndpoint | None = None
    """The predecessor that serves the same, and goes back with it."""

    @property
    def versions(self) -> dict[str, str]:
        """The version of each deployed entity that receives traffic afterwards: what the summary promises."""
        own = self.deployed.entities
        kept = {name: own[name].version for name in served(self.goal.traffic) if name in own}
        every = {**kept, **self.goal.versions}
        return {name: version for name, version in every.items() if version and name not in self.goal.declared}

    @property
    def redeployed(self) -> list[str]:
        """The entities that the workspace has to deploy first, which takes minutes."""
        return [
            *(name for name, version in self.versions.items() if self.live.version(name) != version),
            *self.goal.declared,
        ]

    def is_served(self, live: LiveEndpoint) -> bool:
        """Whether that is what the goal says."""
        versions = {name: live.version(name) for name in self.versions}
        return served(self.goal.traffic) == dict(live.traffic) and versions == self.versions

    @property
    def is_live(self) -> bool:
        """Whether the endpoint serves the goal already, and goes on to."""
        history = self.deployed.history
        is_moving = self.live.is_updating or (history is not None and history.is_running)
        return self.is_served(self.live) and not self.goal.declared and not is_moving

    def change(self) -> StackFileChange:
        """The change of the stack files that declares the goal. Raises UserError."""
        return stack_file_change(_file_stack(self.targets), self.folder, self.deployed, self.goal)


def plan_rollback(stack: str, endpoint: str, to: str | None, folder: Path) -> PlannedRollback:
    """Where a rollback of the endpoint goes; `to` names it, the last good split otherwise. Raises UserError."""
    require_pulumi()
    targets = read_targets(stack)
    if targets.resources is None:
        raise UserError("\n".join(targets.notes))
    (target,) = targets.chosen([endpoint])
    deployed = deployed_endpoint(stack, target.key, targets.resources)
    live = live_endpoint(targets.workspace, deployed.name)
    goal = chosen_goal(deployed, to) if to else last_good_goal(_file_stack(targets), deployed, live.traffic, folder)
    pinned = moved_aliases(targets.workspace, target.declared, deployed)
    companion = companion_of(stack, deployed, targets.resources)
    return PlannedRollback(targets, folder, deployed, live, replace(goal, pinned=pinned), companion)


def deploy_rollback(planned: PlannedRollback, notify: Notify) -> LiveEndpoint:
    """Deploy it, and return what serves then. Raises RollbackFailedError and InterruptedRunError.

    A running update of the endpoint and a running deployment of the stack are waited for, with words and a bound. A
    rollout that is running stops at its next step.
    """
    stack, name, workspace = planned.targets.stack, planned.deployed.name, planned.targets.workspace
    goal = replace(planned.goal, versions=planned.versions)
    for _ in range(_TRIES):
        live = settled_live_endpoint(workspace, name, notify)
        resources = state_resources(stack)
        deployed = deployed_endpoint(stack, planned.deployed.key, resources)
        companion = companion_of(stack, deployed, resources)
        if not live.is_as(deployed):
            deployed = _refreshed(planned, deployed, notify)
        step = rollback_step(deployed, live.traffic, goal)
        problem = RestoreRun(stack, planned.folder, deployed, goal, step, companion=companion).run(notify)
        if not problem or not _was_overtaken(stack, deployed):
            break
        notify("Another run has gone on with its rollout meanwhile: trying again\n")
    after = live_endpoint(workspace, name)
    if problem or not planned.is_served(after):
        why = problem or "the workspace does not serve it"
        raise RollbackFailedError(f"Not rolled back: {why}\n{name} serves {split_text(after.traffic)}")
    return after


def _refreshed(planned: PlannedRollback, deployed: DeployedEndpoint, notify: Notify) -> DeployedEndpoint:
    """The endpoint after the state has been brought up to date with it: a failed update leaves the state ahead."""
    notify(f"Pulumi's state differs from what {deployed.name} serves: reading this endpoint again\n")
    stack, options = planned.targets.stack, ["--yes", "--skip-preview", f"--target={deployed.urn}"]
    folder = planned.folder
    ran = run_when_free(lambda: run_pulumi("refresh", stack, folder, options), stack, folder, notify)
    if ran.status:
        why = cause(ran.text, stack) or ran.text.strip()
        notify(f"The state could not be brought up to date, going on with it as it is: {why}\n")
    return deployed_endpoint(stack, deployed.key, state_resources(stack))


def _was_overtaken(stack: str, deployed: DeployedEndpoint) -> bool:
    """Whether another run has written the endpoint's record since it was read."""
    if not deployed.history:
        return False
    now = read_history(stack).get(deployed.key)
    return now is not None and now.record.revision != deployed.history.record.revision


def _file_stack(targets: Targets) -> str:
    return spec_name(targets.stack)
