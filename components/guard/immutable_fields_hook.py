"""Stops a preview or update that would replace a live endpoint, unless `replace_id` names it.

The engine replaces an endpoint by deleting it. Before it deletes or updates one, in previews too, it calls this hook
with the endpoint's old inputs from the state. The hook compares them with the desired inputs of the program. It refuses
every replacement (a changed immutable field, `--replace`, a tainted state) and every change that the provider cannot
send, before any request is made and without a policy pack.

The state stores the hook's name, and the engine deletes an endpoint only while a hook of that name is registered. All
endpoints therefore share one hook, and `pulumi destroy` needs `--run-program` or PULUMI_RUN_PROGRAM=true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.engine.hook_values import resolve, resolve_hiding_secrets
from model_serving.components.engine.program_run import PerRun, Registration
from model_serving.components.guard.immutable_field_changes import immutable_field_changes, refusal
from model_serving.contract.replacement import DeclaredPlace

HOOK: Final = "immutable-endpoint-fields"


@dataclass(frozen=True)
class DesiredInputs:
    """An endpoint's inputs in the program, and the id of the live endpoint that they may replace, if any.

    `place` is where stack files declare the endpoint.
    """

    inputs: Mapping[str, Any]
    may_replace: str | None
    place: DeclaredPlace | None = None


class ImmutableFieldsHook:
    """The desired inputs of one program run by resource name, and the hook that compares them with the state."""

    def __init__(self) -> None:
        self._desired: dict[str, DesiredInputs] = {}
        self._registrations: dict[str, Registration] = {}
        self.hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def bind(self, resource: str, desired: DesiredInputs) -> pulumi.ResourceHookBinding:
        """Store the desired inputs of that resource and return its hooks."""
        self._desired[resource] = desired
        return pulumi.ResourceHookBinding(before_delete=[self.hook], before_update=[self.hook])

    def track(self, resource: str, endpoint_id: pulumi.Output[Any]) -> Registration:
        """Store the resource's registration, which the engine answers with the endpoint's id."""
        self._registrations[resource] = Registration(endpoint_id)
        return self._registrations[resource]

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError if a declared endpoint would be replaced, or changed in a field that cannot be updated."""
        old = await resolve_hiding_secrets(args.old_inputs or {})
        key = await self._declared_as(args.name, old.get("name"))
        if key is None:
            return
        desired, is_deleted, registration = self._desired[key], args.new_inputs is None, self._registrations.get(key)
        endpoint_id = await resolve((args.old_outputs or {}).get("servingEndpointId"))
        answer = registration.answer if registration else None  # set before a deletion by `pulumi destroy`
        if is_deleted and endpoint_id and endpoint_id in (desired.may_replace, answer):
            return
        changes = list(immutable_field_changes(old, await resolve_hiding_secrets(desired.inputs)))
        is_replaced = is_deleted and registration is not None and registration.is_pending
        if changes or is_replaced:
            named = (str(old.get("name")), str(endpoint_id))
            raise ValueError(refusal(*named, changes, desired.may_replace, desired.place))

    async def _declared_as(self, resource: str, endpoint: Any) -> str | None:
        """The resource's own name; if the program does not have it, the resource that declares this endpoint now."""
        if resource in self._desired:
            return resource
        for key, desired in self._desired.items():
            if await resolve(desired.inputs.get("name")) == endpoint:
                return key
        return None


_hooks = PerRun(ImmutableFieldsHook)


def register_immutable_fields_hook() -> ImmutableFieldsHook:
    """The hook of this run. Register it even if the program has no endpoint: deleting the last one needs it."""
    return _hooks.get()


def endpoint_hooks(
    resource: str, inputs: Mapping[str, Any], may_replace: str | None, place: DeclaredPlace | None = None
) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint's resource with these inputs.

    `may_replace` is the id of the live endpoint that may be deleted and created again with them, `place` where stack
    files declare it.
    """
    return register_immutable_fields_hook().bind(resource, DesiredInputs(inputs, may_replace, place))


def without_dependencies(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """The same value without its resource dependencies. Give `depends_on` as well to keep the order.

    To replace an endpoint, the engine first deletes the resources that take its id as an input, such as its
    permissions, and only then calls the endpoint's hook: a refused change would lock callers out.
    """
    return pulumi.Output(set(), output.future(with_unknowns=True), output.is_known(), output.is_secret())
