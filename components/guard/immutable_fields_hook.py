"""Refuses to delete a live endpoint where the program still declares it, unless its own id allows the replacement.

The engine replaces an endpoint by deleting it. Before it deletes or updates one, in a preview too, it calls the hook of
this module with the endpoint's old inputs, as the state has them; the desired ones are known here. A replacement,
whatever the reason (an immutable field, `--replace`, a tainted state), and a change that nothing can send stop the run
before anything is touched, with no network and no policy pack.

The state names the hook, and the engine deletes an endpoint only while a hook of that name is registered. So one name
serves all endpoints, and `pulumi destroy`, which runs no program by itself, needs `--run-program` (it says so) or
PULUMI_RUN_PROGRAM=true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from model_serving.components.engine.hook_values import plain
from model_serving.components.engine.program_run import PerRun, Registration
from model_serving.components.guard.immutable_field_changes import differences, refusal

HOOK = "one-way-doors"


@dataclass(frozen=True)
class Wish:
    """What the program wants an endpoint to be, and the id of the live one that may be replaced for it, if any."""

    inputs: Mapping[str, Any]
    may_replace: str | None


class Guard:
    """The desired inputs of one program run, and the hook that compares them with what the state has."""

    def __init__(self) -> None:
        self._wishes: dict[str, Wish] = {}
        self._registered: dict[str, Registration] = {}
        self.hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def bind(self, resource: str, wish: Wish) -> pulumi.ResourceHookBinding:
        """Remember what the endpoint of that resource name is to be; returns the hooks for it."""
        self._wishes[resource] = wish
        return pulumi.ResourceHookBinding(before_delete=[self.hook], before_update=[self.hook])

    def follow(self, resource: str, endpoint_id: pulumi.Output[Any]) -> Registration:
        """Note when the engine has answered the registration of that resource, and with which endpoint id."""
        self._registered[resource] = Registration(endpoint_id)
        return self._registered[resource]

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError where a declared endpoint would be replaced, or changed where nothing can change it."""
        old = await plain(args.old_inputs or {})
        key = await self._declared_as(args.name, old.get("name"))
        if key is None:
            return
        wish, is_deleted, registration = self._wishes[key], args.new_inputs is None, self._registered.get(key)
        endpoint_id = await plain((args.old_outputs or {}).get("servingEndpointId"))
        answer = registration.answer if registration else None  # whose deletion is that of `pulumi destroy`
        if is_deleted and endpoint_id and endpoint_id in (wish.may_replace, answer):
            return
        found = list(differences(old, await plain(wish.inputs)))
        is_replaced = is_deleted and registration is not None and registration.is_pending
        if found or is_replaced:
            raise ValueError(refusal(str(old.get("name")), str(endpoint_id), found, wish.may_replace))

    async def _declared_as(self, resource: str, endpoint: Any) -> str | None:
        """The resource itself; where the program has none of that name, the one that declares this endpoint now."""
        if resource in self._wishes:
            return resource
        for key, wish in self._wishes.items():
            if await plain(wish.inputs.get("name")) == endpoint:
                return key
        return None


_guards = PerRun(Guard)


def watched(resource: str, inputs: Mapping[str, Any], may_replace: str | None) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint: to be given to its resource as `hooks`.

    `inputs` are those of the resource, `may_replace` the id of a live endpoint that may be deleted for this wish.
    """
    return stand_guard().bind(resource, Wish(inputs, may_replace))


def stand_guard() -> Guard:
    """Register the hook, also where no endpoint is left: the state's last ones could not be deleted without it."""
    return _guards.get()


def unentangled(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """The same value, without the engine's knowing whose it is.

    To replace an endpoint, the engine first deletes what takes its id as an input, its permissions, and only then asks
    the endpoint's guard: callers would be cut off by a change that is refused. With `depends_on` in place of the
    input's own dependency the order stays, and permissions are replaced after the endpoint.
    """
    return pulumi.Output(set(), output.future(with_unknowns=True), output.is_known(), output.is_secret())
