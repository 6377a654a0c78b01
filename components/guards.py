"""One-way doors: what is chosen when an endpoint is created and can't be changed on the live one, held offline.

The engine replaces an endpoint by deleting it. Before it deletes, in a preview too, it calls the hook of this module
with the endpoint's old inputs, as the state has them; what the program wishes for is known here. A difference behind a
one-way door stops the run before anything is touched, with no network and no policy pack.

The state names the hook, and the engine deletes an endpoint only while a hook of that name is registered. So one name
serves all endpoints, and `pulumi destroy`, which runs no program by itself, wants `--run-program` (it says so) or
PULUMI_RUN_PROGRAM=true.
"""

import asyncio
import json
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.interrupts import end_quietly_when_interrupted
from contract.rows import Field, fields

HOOK = "one-way-doors"


@dataclass(frozen=True)
class Wish:
    """What the program wants an endpoint to be, and the id of the live one that may be replaced for it, if any."""

    inputs: Mapping[str, Any]
    may_replace: str | None


@dataclass(frozen=True)
class Difference:
    """A one-way door that is to be gone through."""

    door: Field
    was: Any
    wanted: Any


class Guard:
    """The wishes of one program run, and the hook that compares them with what the state has."""

    def __init__(self) -> None:
        self._wishes: dict[str, Wish] = {}
        self.hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def bind(self, resource: str, wish: Wish) -> pulumi.ResourceHookBinding:
        """Remember what the endpoint of that resource name is to be, and watch over it."""
        self._wishes[resource] = wish
        return pulumi.ResourceHookBinding(before_delete=[self.hook], before_update=[self.hook])

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError where the endpoint would go through a one-way door. A removed endpoint may go."""
        old = await _plain(args.old_inputs or {})
        wish = await self._wish_for(args.name, old.get("name"))
        if wish is None:
            return
        found = list(differences(old, await _plain(wish.inputs)))
        endpoint_id = await _plain((args.old_outputs or {}).get("servingEndpointId"))
        if found and not (args.new_inputs is None and endpoint_id and endpoint_id == wish.may_replace):
            raise ValueError(_refusal(str(old.get("name")), str(endpoint_id), found))

    async def _wish_for(self, resource: str, endpoint: Any) -> Wish | None:
        """The resource's own; where the program has none of that name, that of whoever wants this endpoint now."""
        if resource in self._wishes:
            return self._wishes[resource]
        for wish in self._wishes.values():
            if await _plain(wish.inputs.get("name")) == endpoint:
                return wish
        return None


_guards: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Guard] = weakref.WeakKeyDictionary()


def watched(resource: str, inputs: Mapping[str, Any], may_replace: str | None) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint: to be given to its resource as `hooks`.

    `inputs` are those of the resource, `may_replace` the id of a live endpoint that may be deleted for this wish.
    """
    return stand_guard().bind(resource, Wish(inputs, may_replace))


def stand_guard() -> Guard:
    """Register the hook, also where no endpoint is left: the state's last ones could not be deleted without it."""
    # A program runs in one event loop; tests run many in one process, and a hook belongs to the run that made it.
    run = asyncio.get_event_loop()
    if run not in _guards:
        end_quietly_when_interrupted()
        _guards[run] = Guard()
    return _guards[run]


def unentangled(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """The same value, without the engine's knowing whose it is.

    To replace an endpoint, the engine first deletes what takes its id as an input, its permissions, and only then asks
    the endpoint's guard: callers would be cut off by a change that is refused. With `depends_on` in place of the
    input's own dependency the order stays, and permissions are replaced after the endpoint.
    """
    return pulumi.Output(set(), output.future(with_unknowns=True), output.is_known(), output.is_secret())


def differences(old: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Difference]:
    """The one-way doors between two sets of inputs, in the field contract's order.

    A wish that isn't known yet is none: it is when `up` comes to the endpoint, which is before it is touched.
    """
    for door in fields("model_serving"):
        if door.one_way:
            before, after = _behind(door, old), _behind(door, wanted)
            if before != after and _UNKNOWN not in (before, after):
                yield Difference(door, before, after)


def _behind(door: Field, inputs: Any) -> Any:
    """What stands behind a door: the value, absent and false being one; for items of a list, whether one has it."""
    found = list(_at(inputs, door.path.split(".")))
    if _UNKNOWN in found:
        return _UNKNOWN
    if "*" in door.path:
        return any(value is not None for value in found)
    value = found[0] if found else None
    return None if value is False else value


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path or value is _UNKNOWN:
        yield value
    elif path[0] == "*":
        for item in value if isinstance(value, list) else []:
            yield from _at(item, path[1:])
    elif isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])


_UNKNOWN = object()


async def _plain(value: Any) -> Any:
    """The values of outputs, as which secrets come too; what isn't known yet is _UNKNOWN."""
    if isinstance(value, pulumi.Output):
        return await _plain(await value.future()) if await value.is_known() else _UNKNOWN
    if isinstance(value, Mapping):
        return {key: await _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [await _plain(item) for item in value]
    return value


def _refusal(name: str, endpoint_id: str, found: list[Difference]) -> str:
    lines = [f'Endpoint "{name}" (id {endpoint_id}) can\'t be changed in this way while it lives:']
    lines += [f"  {each.door.path}: {_shown(each.was)} -> {_shown(each.wanted)}: {each.door.reason}" for each in found]
    lines += [
        "Pulumi would delete the endpoint and create another: an outage until that is ready, another URL and id, the",
        "permissions lost, and whoever runs this as its creator. Instead, declare a second endpoint under a new name,",
        "move the callers, then remove the first. If an outage is what you want, let the reviewer see it: write",
        f"`replace_id: {endpoint_id}` on the endpoint in the stack's own file (it allows the replacement of this one",
        "endpoint, and means nothing once that is gone)",
    ]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return "not set" if value is None else json.dumps(value)
