"""No endpoint is created over a live one: asked before the creation, in a preview too, where the engine creates one.

For components in programs of their own; a stack file's endpoints are compared with the workspace all at once
(`model_serving.components.preflight.unrecorded_endpoints`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.deployment.failure_report import place
from model_serving.components.engine.program_run import PerRun
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import WorkspaceError, connect

HOOK: Final = "no creation over a live endpoint"


@dataclass(frozen=True)
class _Place:
    """Where an endpoint is to be created, and the id of the live one that may be replaced by it, if any."""

    settings: pulumi.Output[dict[str, Any]]
    may_replace: str | None


class _Gate:
    """The endpoints of one run, by resource name, and the hook that asks for each that is to be created."""

    def __init__(self) -> None:
        self.places: dict[str, _Place] = {}
        self.hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError where the workspace has an endpoint of that name, which is not the one to be replaced."""
        place, name = self.places.get(args.name), (args.new_inputs or {}).get("name")
        if place is None or not isinstance(name, str) or not await place.settings.is_known():
            return
        live = await in_thread(_live, await place.settings.future() or {}, name)
        if live and live.get("id") != place.may_replace:
            raise ValueError(
                f'The workspace has an endpoint "{name}" that is not in this stack; {live.get("creator")} created it.'
                f"\nChoose another name, or take it into the stack: ServingEndpointArgs(adopt=True) for one `pulumi up`"
            )


def _live(settings: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The endpoint of that name; None where there is none, or where the workspace itself has to decide."""
    try:
        return connect(settings).find(place(name))
    except WorkspaceError:
        return None


_gates = PerRun(_Gate)


def created_only_where_absent(
    resource: str, settings: pulumi.Output[dict[str, Any]], may_replace: str | None
) -> pulumi.ResourceHookBinding:
    """The hook of an endpoint that is to be created in the workspace of these provider settings."""
    gate = _gates.get()
    gate.places[resource] = _Place(settings, may_replace)
    return pulumi.ResourceHookBinding(before_create=[gate.hook])
