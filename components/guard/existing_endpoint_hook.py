"""Refuses to create an endpoint whose name the workspace already has, in previews too.

The hook is for components in programs of their own. The endpoints of a stack file are compared with the workspace
together, before anything is registered (`model_serving.components.preflight.unrecorded_endpoints`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.engine.program_run import PerRun
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path

HOOK: Final = "existing-endpoint"


@dataclass(frozen=True)
class _Creation:
    """The provider settings of an endpoint's workspace, and the id of the live endpoint that it may replace, if any."""

    settings: pulumi.Output[dict[str, Any]]
    may_replace: str | None


class ExistingEndpointHook:
    """The endpoints of one program run by resource name, and the hook that is called before each creation."""

    def __init__(self) -> None:
        self._creations: dict[str, _Creation] = {}
        self._hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def bind(self, resource: str, creation: _Creation) -> pulumi.ResourceHookBinding:
        """Store where the resource would be created and return its hooks."""
        self._creations[resource] = creation
        return pulumi.ResourceHookBinding(before_create=[self._hook])

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError if the workspace has an endpoint of that name which this one may not replace."""
        creation, name = self._creations.get(args.name), (args.new_inputs or {}).get("name")
        if creation is None or not isinstance(name, str) or not await creation.settings.is_known():
            return
        live = await in_thread(_live, await creation.settings.future() or {}, name)
        if live and live.get("id") != creation.may_replace:
            raise ValueError(
                f'The workspace has an endpoint "{name}" that is not in this stack; {live.get("creator")} created it.'
                "\nChoose another name, or import it: set ServingEndpointArgs(adopt=True) for one `pulumi up`"
            )


def _live(settings: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The endpoint of that name; None if there is none or it cannot be read."""
    try:
        return connect(settings).find(endpoint_path(name))
    except WorkspaceError:
        return None


_hooks = PerRun(ExistingEndpointHook)


def existing_endpoint_hook(
    resource: str, settings: pulumi.Output[dict[str, Any]], may_replace: str | None
) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint's resource. `settings` are those of its provider."""
    return _hooks.get().bind(resource, _Creation(settings, may_replace))
