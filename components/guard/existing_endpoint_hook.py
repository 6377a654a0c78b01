"""Refuses to create an endpoint whose name the workspace already has, in previews too.

The hook is for components in programs of their own. The endpoints of a stack file are compared with the workspace
together, before anything is registered (`model_serving.components.preflight.unrecorded_endpoints`).
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from model_serving.components.engine.hook_names import unique_hook_name
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path


def existing_endpoint_hook(
    resource: str, settings: pulumi.Output[dict[str, Any]], may_replace: str | None
) -> pulumi.ResourceHookBinding:
    """The hook of an endpoint's resource. `settings` are those of its provider.

    `may_replace` is the id of the live endpoint that this one may replace, if any.
    """

    async def refuse(args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError if the workspace has an endpoint of that name which this one may not replace."""
        name = (args.new_inputs or {}).get("name")
        if not isinstance(name, str) or not await settings.is_known():
            return
        live = await in_thread(_live, await settings.future() or {}, name)
        if live and live.get("id") != may_replace:
            raise ValueError(
                f'The workspace has an endpoint "{name}" that is not in this stack; {live.get("creator")} created it.'
                "\nChoose another name, or import it: set ServingEndpointArgs(adopt=True) for one `pulumi up`"
            )

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique_hook_name(f"{resource}-existing-endpoint"), refuse, options)
    return pulumi.ResourceHookBinding(before_create=[hook])


def _live(settings: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The endpoint of that name; None if there is none or it cannot be read."""
    try:
        return connect(settings).find(endpoint_path(name))
    except WorkspaceError:
        return None
