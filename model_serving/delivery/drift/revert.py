"""Restore what is declared: the `pulumi up --refresh` of exactly the resources that were changed outside."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.databricks.resource_types import (
    MODEL_SERVING,
    SECRET_SCOPE_COMPONENT,
    SERVICE_PRINCIPAL_COMPONENT,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.delivery.rollback.free_stack import run_when_free
from model_serving.errors import UserError
from model_serving.operations.drift.remedies import why_not_reverted
from model_serving.operations.drift.report import Kind, ResourceDrift
from model_serving.operations.stack_state import Resource, state_resources
from model_serving.review.plan.engine_process import EngineRun
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.state_backend import cause

_COMPONENTS: Final = {
    Kind.ENDPOINT: SERVING_ENDPOINT_COMPONENT,
    Kind.SERVICE_PRINCIPAL: SERVICE_PRINCIPAL_COMPONENT,
    Kind.SECRET_SCOPE: SECRET_SCOPE_COMPONENT,
}


@dataclass(frozen=True)
class Revert:
    """What of a stack is restored. Nothing of it is done yet."""

    stack: str
    folder: Path
    resources: tuple[ResourceDrift, ...]
    targets: tuple[str, ...]
    """The URNs of these resources with everything that belongs to them."""

    def preview(self, show: Callable[[str], None]) -> None:
        """Show what the engine would do. Raises UserError and InterruptedRunError."""
        self._run("preview", (), show)

    def up(self, show: Callable[[str], None]) -> None:
        """Restore it. The rest of the stack is not touched. Raises UserError and InterruptedRunError."""
        self._run("up", ("--yes", "--skip-preview"), show)

    def _run(self, command: str, flags: Sequence[str], show: Callable[[str], None]) -> None:
        # Not with the policy pack: what is restored has passed its rules when it was deployed.
        options = [*flags, "--refresh", "--suppress-outputs", *(f"--target={urn}" for urn in self.targets)]

        # A refresh that runs the program would refresh the whole stack, whatever the targets are.
        environment = {**os.environ, "PULUMI_RUN_PROGRAM": "false"}

        def run() -> EngineRun:
            return run_pulumi(command, self.stack, self.folder, options, show=show, environment=environment)

        ran = run_when_free(run, self.stack, self.folder, show)
        if ran.status:
            why = cause(ran.text, self.stack) or f"`pulumi {command}` ended with {ran.status}, see above"
            raise UserError(f"{'Not restored' if command == 'up' else 'Nothing was restored'}: {why}")


def plan_revert(stack: str, folder: Path, drifted: Iterable[ResourceDrift]) -> Revert:
    """The revert of what can be restored. Raises UserError where the state can't be read."""
    restored = tuple(each for each in drifted if each.stack == stack and not why_not_reverted(each))
    if not restored:
        return Revert(stack, folder, (), ())
    require_pulumi()
    return Revert(stack, folder, restored, tuple(_targets(state_resources(stack), restored)))


def _targets(resources: Sequence[Resource], restored: Iterable[ResourceDrift]) -> Iterator[str]:
    live = [each for each in resources if not each.get("delete")]
    components = {urn for each in restored for urn in _components(live, each)}
    parents = {str(each["urn"]): str(each.get("parent") or "") for each in live}
    for urn in parents:
        above = urn
        while above and above not in components:
            above = parents.get(above, "")
        if above:
            yield urn


def _components(resources: Sequence[Resource], restored: ResourceDrift) -> Iterator[str]:
    """The component that holds the resource: an endpoint's by its name in the workspace, any other by its key."""
    kind = _COMPONENTS[restored.kind]
    own = {str(each["urn"]) for each in resources if each.get("type") == kind}
    if restored.kind is Kind.ENDPOINT:
        for each in resources:
            is_it = each.get("type") == MODEL_SERVING and (each.get("outputs") or {}).get("name") == restored.name
            if is_it and each.get("parent") in own:
                yield str(each["parent"])
        return
    yield from (urn for urn in own if urn.rpartition("::")[2] == restored.key)
