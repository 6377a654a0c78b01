"""Puts the resources of a program under watch, from registration to the engine's answer."""

import asyncio
from typing import Any, Final

import pulumi
from pulumi.runtime import is_dry_run

from model_serving.components.deployment.slow_operations import Operation, Watch
from model_serving.components.providers import default_settings, explicit_settings

_watches: Final[dict[pulumi.ProviderResource | None, Watch]] = {}
"""By explicit provider; None for the stack's default one."""

_tasks: Final[set["asyncio.Future[None]"]] = set()
"""The event loop itself keeps no reference to its tasks."""


def watch(resource: pulumi.CustomResource, operation: Operation) -> None:
    """Report the resource's operation where it takes long. A preview carries none out."""
    if is_dry_run():
        return
    provider = resource.get_provider(resource.pulumi_resource_type)
    if provider not in _watches:
        _watches[provider] = _new(resource, provider)
    watching = _watches[provider]
    watching.begin(operation)
    # as a task of our own: an output made from the URN would repeat the error of a resource that fails
    task = asyncio.ensure_future(_answered(resource, operation, watching))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _answered(resource: pulumi.CustomResource, operation: Operation, watching: Watch) -> None:
    try:
        await resource.urn.future()
    except Exception:  # noqa: BLE001, S110  the resource itself reports it
        pass
    finally:
        watching.end(operation)


def _new(resource: pulumi.Resource, provider: pulumi.ProviderResource | None) -> Watch:
    if provider is None:
        return Watch(default_settings())
    made = Watch(None)

    def know(done: "asyncio.Future[Any]") -> None:
        if not done.cancelled() and done.exception() is None:
            made.settings = done.result()

    settings = explicit_settings(resource)
    if settings is not None:
        asyncio.ensure_future(settings.future()).add_done_callback(know)
    return made
