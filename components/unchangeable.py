"""What no call of the API can change on a live endpoint, refused at preview: the provider would report it as done."""

import asyncio
from typing import Any

import pulumi

from contract import Field, Here, fields

HOOK = "fields of serving endpoints that nothing can change"


def unchangeable_fields() -> pulumi.ResourceHookBinding:
    """The hook of an endpoint that compares its old inputs with the new ones, in a preview too."""
    return pulumi.ResourceHookBinding(before_update=[_hook()])


async def refuse(args: pulumi.ResourceHookArgs) -> None:
    """Raise ValueError where an update changes a field that the API has no call for."""
    old, new = args.old_inputs or {}, args.new_inputs or {}
    found = [(field, await _plain(old.get(field.path)), await _plain(new.get(field.path))) for field in _refused()]
    changed = [_told(*each) for each in found if (each[1] or None) != (each[2] or None)]
    if changed:
        name = await _plain(old.get("name"))
        raise ValueError(
            "\n".join([f'Endpoint "{name}" can\'t be changed in this way while it lives:', *changed, _OUT])
        )


_OUT = (
    "The Databricks provider would report the change as done and send nothing. Write the old value again; or, if an\n"
    "outage is acceptable, let Pulumi delete the endpoint and create it anew: pulumi up --replace URN"
)


def _told(field: Field, was: Any, wanted: Any) -> str:
    return f"  {field.path}: {was!r} -> {wanted!r}: {field.reason}"


def _refused() -> list[Field]:
    return [field for field in fields("model_serving") if field.here is Here.REFUSED]


_hooks: dict[int, pulumi.ResourceHook] = {}


def _hook() -> pulumi.ResourceHook:
    """One hook for all endpoints of a run. A run has one event loop; tests make many runs in one process."""
    run = id(asyncio.get_event_loop())
    if run not in _hooks:
        _hooks.clear()
        _hooks[run] = pulumi.ResourceHook(HOOK, refuse, pulumi.ResourceHookOptions(on_dry_run=True))
    return _hooks[run]


async def _plain(value: Any) -> Any:
    """The value of a secret, which comes as an output; anything else as it is."""
    return await value.future() if isinstance(value, pulumi.Output) else value
