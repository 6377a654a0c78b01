"""The `pulumi up` of a rollback: one endpoint, taken from the state with another split or other versions."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from model_serving.databricks.resource_types import ROLLOUTS
from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollback.free_stack import run_when_free
from model_serving.delivery.rollback.goal import Goal
from model_serving.review.plan.engine_process import EngineRun
from model_serving.review.plan.pulumi_command import run_pulumi
from model_serving.spec.files.restore_file import Restore, RestoredEntity
from model_serving.spec.files.rollout_step import VARIABLE, EndpointStep
from model_serving.state_backend import cause


@dataclass(frozen=True)
class RestoreRun:
    """What one `up` deploys, and where."""

    stack: str
    folder: Path
    deployed: DeployedEndpoint
    goal: Goal
    step: EndpointStep | None
    """What the state remembers of it, where it remembers the endpoint's rollouts."""
    is_rollback: bool = True
    """Whether a person wants it, so that reviews say what undoes it; otherwise a rollout goes back."""
    companion: DeployedEndpoint | None = None
    """The predecessor that goes back with it, in the same `up`."""

    def run(self, notify: Callable[[str], None]) -> str:
        """Deploy the goal; returns why that failed, or an empty text. Raises InterruptedRunError.

        A lock of another run is waited for, with words.
        """
        with tempfile.TemporaryDirectory(prefix="model-serving-rollback-") as name:
            file = Path(name) / "restore.json"
            file.write_text(self.content.text, encoding="utf-8")
            ran = run_when_free(lambda: self._up(file, notify), self.stack, self.folder, notify)
        if not ran.status:
            return ""
        return cause(ran.text, self.stack) or "`pulumi up` failed, see above"

    def _up(self, file: Path, notify: Callable[[str], None]) -> EngineRun:
        options = ["--yes", "--skip-preview", "--suppress-outputs", *(f"--target={urn}" for urn in self.targets)]
        environment = {**os.environ, VARIABLE: str(file)}
        return run_pulumi("up", self.stack, self.folder, options, show=notify, environment=environment)

    @property
    def targets(self) -> list[str]:
        """The URNs that the run may touch."""
        parent = self.deployed.urn.rpartition("$")[0]
        records = [(kind, name) for kind, name in self.deployed.siblings if self.step and kind in ROLLOUTS]
        others = [self.companion.urn] if self.companion else []
        return [self.deployed.urn, *(f"{parent}${kind}::{name}" for kind, name in records), *others]

    @property
    def content(self) -> Restore:
        """What the program registers."""
        companion = self._restore(self.companion, None) if self.companion else None
        return replace(self._restore(self.deployed, self.step), companion=companion)

    def _restore(self, deployed: DeployedEndpoint, step: EndpointStep | None) -> Restore:
        goal = self.goal
        entities = [
            RestoredEntity(name, each.fields, goal.versions.get(name), _declared(goal, name))
            for name, each in deployed.entities.items()
        ]
        new = [name for name in goal.declared if name not in deployed.entities]
        entities += [RestoredEntity(name, declared=_declared(goal, name)) for name in new]
        return Restore(
            stack=self.stack.rpartition("/")[2],
            resource=deployed.resource,
            name=deployed.name,
            traffic=dict(goal.traffic),
            entities=tuple(entities),
            fields=deployed.fields,
            config_fields=deployed.config_fields,
            outputs=deployed.outputs,
            inputs=deployed.inputs,
            siblings=deployed.siblings,
            protect=deployed.protect,
            retain_on_delete=deployed.retain_on_delete,
            step=step,
            is_rollback=self.is_rollback,
        )


def _declared(goal: Goal, name: str) -> dict[str, object] | None:
    entity = goal.declared.get(name)
    return entity.model_dump(exclude_defaults=True) if entity else None
