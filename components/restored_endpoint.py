"""One endpoint of a stack as Pulumi's state has it, with another split or other versions: what a rollback deploys.

The engine takes every input that stays from the state (`ignore_changes`), secrets among them. Run it with `--target`
for the endpoint and its record: the engine then keeps everything else, also what this program does not register.
"""

import functools
from typing import Any, Final

import pulumi

from model_serving.components.deployment.failure_hooks import failure_hooks
from model_serving.components.deployment.lost_updates import lost_update_hooks
from model_serving.components.engine.program_run import PerRun
from model_serving.components.guard.immutable_fields_hook import HOOK
from model_serving.components.guard.protected_children_hook import register_protected_children_hook
from model_serving.components.guard.quiet_predecessor_hook import register_quiet_predecessor_hook
from model_serving.components.inputs import served_entity_inputs
from model_serving.components.providers import default_settings
from model_serving.components.resources import ModelServing
from model_serving.components.rollout_record.resource import KeptRollout, RolloutRecord, RolloutStep
from model_serving.databricks.resource_types import (
    ROLLED_BACK,
    ROLLOUT_RECORD,
    ROLLOUT_STEP,
    ROLLOUTS,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.spec.files.restore_file import Restore, RestoredEntity
from model_serving.spec.vocabulary.stack import ServedEntity

_VERSION: Final = "entityVersion"


def restore(wanted: Restore) -> None:
    """Register the endpoint, and the predecessor that goes back with it. The stack keeps its outputs."""
    stack = pulumi.runtime.get_root_resource()
    assert isinstance(stack, pulumi.ComponentResource), "A program runs in a stack"
    # The SDK registers the program's, which are none. Without a registration the engine keeps those of the state.
    stack.register_outputs = lambda _outputs: None  # type: ignore[assignment,method-assign]
    RestoredEndpoint(wanted)
    if wanted.companion:
        RestoredEndpoint(wanted.companion)


class RestoredEndpoint(pulumi.ComponentResource):
    """The component of an endpoint, with the children that the state has."""

    def __init__(self, wanted: Restore) -> None:
        super().__init__(SERVING_ENDPOINT_COMPONENT, wanted.resource, dict(wanted.inputs) or None)
        self._wanted = wanted
        register_protected_children_hook()
        kept, names = KeptRollout(wanted.step), {kind: name for kind, name in wanted.siblings if kind in ROLLOUTS}
        has_record = wanted.step and ROLLOUT_RECORD in names
        record = RolloutRecord(names[ROLLOUT_RECORD], wanted.name, kept, self._child()) if has_record else None
        endpoint = self._endpoint(record)
        # After the endpoint: the engine takes the resources that one depends on from the state, if it is asked for the
        # one first, and then takes the endpoint for a second one of its name.
        for kind, name in wanted.siblings:
            if kind == ROLLOUT_STEP:
                RolloutStep(name, wanted.name, kept, self._child(endpoint))
            elif kind != ROLLOUT_RECORD:
                pulumi.CustomResource(kind, name, {}, self._child(endpoint))
        # The next run of the whole program registers its outputs without this one.
        self.register_outputs({**wanted.outputs, **({ROLLED_BACK: True} if wanted.is_rollback else {})})

    def _child(self, after: pulumi.Resource | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=after)

    def _endpoint(self, record: RolloutRecord | None) -> ModelServing:
        wanted = self._wanted
        entities = [_entity(n, each) for n, each in enumerate(wanted.entities)]
        routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in wanted.traffic.items()]
        inputs = {
            "name": wanted.name,
            "config": {"servedEntities": [each for each, _ in entities], "trafficConfig": {"routes": routes}},
        }
        ignored = [*wanted.fields, *(f"config.{name}" for name in wanted.config_fields)]
        options = pulumi.ResourceOptions(
            depends_on=record,
            ignore_changes=[*ignored, *(path for _, paths in entities for path in paths)],
            hooks=self._hooks(),
            delete_before_replace=True,
            protect=wanted.protect or None,
            retain_on_delete=wanted.retain_on_delete or None,
        )
        return ModelServing(wanted.resource, inputs, pulumi.ResourceOptions.merge(self._child(), options))

    def _hooks(self) -> pulumi.ResourceHookBinding:
        settings = pulumi.Output.from_input(default_settings())
        guard = _guard.get()
        bindings = [
            pulumi.ResourceHookBinding(before_delete=[guard], before_update=[guard]),
            # The state keeps the names: a retirement after this run is refused while the endpoint is called.
            register_quiet_predecessor_hook().binding(),
            lost_update_hooks(self._wanted.resource, settings),
            failure_hooks(self._wanted.resource, settings),
        ]
        return functools.reduce(pulumi.ResourceHookBinding.merge, bindings)


async def _refuse_deletion(args: pulumi.ResourceHookArgs) -> None:
    """Raise ValueError if the endpoint would be deleted or replaced. The name of the hook is the state's."""
    if args.new_inputs is None:
        raise ValueError(f'A rollback never deletes an endpoint: "{args.name}" stays as it is')


_guard = PerRun(lambda: pulumi.ResourceHook(HOOK, _refuse_deletion, pulumi.ResourceHookOptions(on_dry_run=True)))


def _entity(number: int, entity: RestoredEntity) -> tuple[dict[str, Any], list[str]]:
    """The inputs of an entity, and the paths of those that the engine takes from the state."""
    place = f"config.servedEntities[{number}]"
    if entity.declared is not None:
        return served_entity_inputs(entity.name, ServedEntity.model_validate(entity.declared)), []
    if entity.version is None:
        return {"name": entity.name}, [place]
    others = [f"{place}.{name}" for name in entity.fields if name != _VERSION]
    return {"name": entity.name, _VERSION: entity.version}, others
