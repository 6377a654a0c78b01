"""Deploys the splits of a rollout with Pulumi: one saved plan and one `up` for each."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.resource_types import MODEL_SERVING, ROLLOUT_RECORD, ROLLOUT_STEP
from model_serving.delivery.rollback.deployed import companion_of, deployed_endpoint
from model_serving.delivery.rollback.goal import Goal, whole_split
from model_serving.delivery.rollback.restore_run import RestoreRun
from model_serving.delivery.rollout.change_parts import unexpected_changes
from model_serving.delivery.rollout.deployer import DeploymentFailedError, TakenOverError
from model_serving.delivery.rollout.failure_reason import failure_reason
from model_serving.delivery.rollout.live_split import settled_split
from model_serving.delivery.rollout.stack_lock import locked_by, released
from model_serving.delivery.stack_state import StateError, state_resources
from model_serving.errors import InterruptedRunError, UserError
from model_serving.operations.rollout_history import read_history
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.events import from_events, load_events
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.pulumi_command import run_pulumi
from model_serving.review.plan.run import preview_of
from model_serving.review.plan.state_copy.source import Source
from model_serving.spec.files.rollout_step import VARIABLE, EndpointStep, RolloutStepFile
from model_serving.spec.rollout_record import Split, record_from
from model_serving.state_backend import cause


@dataclass
class StackDeployer:
    """Deploys steps of a stack's endpoints. It is a `Deployer`.

    Each plan must hold nothing but changes of `approved`, short hashes of `change_parts`, and the splits of the steps.
    """

    source: Source
    """The stack itself."""
    packs: Sequence[str]
    approved: Sequence[str]
    urns: Mapping[str, str]
    """The URNs of the stack's endpoints, by what commands know them by."""
    names: Mapping[str, str]
    """Their names in the workspace."""
    connect: Callable[[], Workspace]
    show: Callable[[str], None] = progress
    unmoved: Mapping[str, Split] = field(default_factory=dict)
    """The splits of endpoints that keep theirs, though the stack file declares another one."""
    companions: Mapping[str, str] = field(default_factory=dict)
    """What commands know the predecessor by whose traffic moves with that of an endpoint, by the endpoint's key."""

    def deploy(self, steps: Mapping[str, EndpointStep], *, going_back: bool) -> None:
        """See Deployer. Going back touches the endpoints only: nothing else may stand in its way.

        Where the stack files have changed since, or have errors, it takes everything but the traffic from the state.
        """
        moving = {key: each for key, each in steps.items() if each.record}
        steps = self._with_held(steps)
        with tempfile.TemporaryDirectory(prefix="model-serving-rollout-") as name:
            home = Path(name)
            file, plan = _written(home, self.source.stack, steps), home / "plan.json"
            targets = self._targets(moving, ROLLOUT_RECORD, MODEL_SERVING, ROLLOUT_STEP) if going_back else []
            packs = () if going_back else self.packs
            itself = Source(self.source.stack, self.source.folder, self.source.environment, tuple(targets))
            previewed = preview_of(itself, packs, plan, str(file))
            try:
                self._require_expected(previewed, moving if going_back else steps, moving)
            except DeploymentFailedError as error:
                if not going_back:
                    raise
                self.show(f"Going back without the stack files: {error}\n")
                return self._restore(moving)
            options = [option for pack in packs for option in ("--policy-pack", pack)]
            return self._up(file, home, moving, ["--plan", str(plan), *targets, *options])

    def _restore(self, moving: Mapping[str, EndpointStep]) -> None:
        """Deploy these splits with everything else as the state has it, as a rollback does."""
        stack, folder = self.source.stack, self.source.folder
        try:
            found = state_resources(stack, folder)
            endpoints = {key: deployed_endpoint(stack, key, found) for key in moving}
            companions = {key: companion_of(stack, each, found) for key, each in endpoints.items()}
        except StateError as error:
            raise DeploymentFailedError(failure_reason([str(error)])) from None
        for key, each in moving.items():
            goal = Goal(whole_split(endpoints[key], each.traffic), "the rollout failed")
            run = RestoreRun(stack, folder, endpoints[key], goal, each, is_rollback=False, companion=companions[key])
            if reason := run.run(self.show):
                raise DeploymentFailedError(reason, self._require_own_records(moving))

    def record(self, steps: Mapping[str, EndpointStep]) -> None:
        """See Deployer."""
        with tempfile.TemporaryDirectory(prefix="model-serving-rollout-") as name:
            file = _written(Path(name), self.source.stack, self._with_held(steps))
            try:
                self._up(file, Path(name), steps, self._targets(steps, ROLLOUT_RECORD), show=lambda _text: None)
            except DeploymentFailedError:
                self._restore(steps)

    def _with_held(self, steps: Mapping[str, EndpointStep]) -> dict[str, EndpointStep]:
        return {**{key: EndpointStep(split) for key, split in self.unmoved.items()}, **steps}

    def live(self, keys: Sequence[str]) -> Mapping[str, Split]:
        """See Deployer. Waits with words, and no longer than an update may take."""
        found: dict[str, Split] = {}
        for key in keys:
            try:
                found[key] = settled_split(self.connect(), self.names[key], self.show)
            except (WorkspaceError, UserError) as error:
                self.show(f"{key} can't be read: {error}\n")
        return found

    def _targets(self, steps: Mapping[str, EndpointStep], *types: str) -> list[str]:
        urns = [_urn(self.urns[key], each) for key in steps for each in types]
        if MODEL_SERVING in types:
            moved = [each for key, each in self.companions.items() if key in steps]
            urns += [self.urns[each] for each in moved if each in self.urns]
        return [option for urn in urns for option in ("--target", urn)]

    def _require_expected(
        self, previewed: Preview, splits: Mapping[str, EndpointStep], moving: Mapping[str, EndpointStep]
    ) -> None:
        """Raise the errors of `deploy` unless the preview is the approved one with these splits."""
        refusals = [each.message for each in previewed.violations if each.mandatory]
        if faults := [*previewed.errors, *refusals]:
            self._require_own_records(moving)
            raise DeploymentFailedError(failure_reason(faults))
        wanted = {key: each.traffic for key, each in splits.items()}
        wanted |= {each: wanted[key] for key, each in self.companions.items() if key in wanted and each in self.urns}
        if unexpected := unexpected_changes(previewed.steps, self.approved, wanted):
            raise DeploymentFailedError(
                f"its plan is not the approved one any more ({', '.join(unexpected)}): files, state or workspace were"
                " changed meanwhile, and nothing of that was deployed"
            )

    def _up(
        self,
        file: Path,
        home: Path,
        moving: Mapping[str, EndpointStep],
        options: Sequence[str],
        show: Callable[[str], None] | None = None,
    ) -> None:
        source, events = self.source, home / "events"
        environment = {**source.environment, VARIABLE: str(file)}
        flags = ["--yes", "--skip-preview", "--suppress-outputs", "--event-log", str(events), *source.options, *options]
        for is_last in (False, True):
            ran = run_pulumi("up", source.stack, source.folder, flags, show=show or self.show, environment=environment)
            if ran.interrupted_by:
                raise InterruptedRunError(ran.interrupted_by, "Interrupted")
            if not ran.status:
                return
            lock = locked_by(ran.text)
            if is_last or not lock or not released(lock, source.stack, source.folder, self.show):
                break
        recorded = self._require_own_records(moving)
        logged = from_events(load_events(events)).errors if events.exists() else ()
        why = (
            cause(ran.text, source.stack) or failure_reason(logged) or f"`pulumi up` ended with {ran.status}, see above"
        )
        raise DeploymentFailedError(why, recorded)

    def _require_own_records(self, moving: Mapping[str, EndpointStep]) -> frozenset[str]:
        """The endpoints whose records this run has written, though it was refused.

        Raises TakenOverError if another run has written a record: that is then why this one was refused.
        """
        try:
            histories = read_history(self.source.stack, state_resources(self.source.stack, self.source.folder))
        except StateError:
            return frozenset()
        recorded = set()
        for key, each in moving.items():
            revision = histories[key].record.revision if key in histories else ""
            if revision == record_from(each.record).revision:
                recorded.add(key)
            elif revision != each.expects:
                raise TakenOverError(key)
        return frozenset(recorded)


def _written(home: Path, stack: str, steps: Mapping[str, EndpointStep]) -> Path:
    file = home / "rollout.json"
    file.write_text(RolloutStepFile(stack, steps).text, encoding="utf-8")
    return file


def _urn(endpoint: str, kind: str) -> str:
    """The URN of a resource beside an endpoint, in the same component."""
    suffix = {ROLLOUT_RECORD: "-rollout", ROLLOUT_STEP: "-rollout-step"}.get(kind, "")
    return f"{endpoint.rpartition('$')[0]}${kind}::{endpoint.rpartition('::')[2]}{suffix}"
