"""Refuses to delete an endpoint of a migration that is still called, in previews too.

The endpoint is one that the stack file no longer declares, while it declares its successor (or its predecessor, if the
migration was given up) at the same key. A deletion with the whole key, or with the whole stack, is none of these.

The hook is on the endpoint and on its permissions and settings, which the engine deletes first: a refusal leaves all of
them. The state stores the hook's name, so every run of a stack's program registers it.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi

from model_serving.components.engine.program_run import PerRun
from model_serving.components.engine.threads import in_thread
from model_serving.components.succession.recorded_families import Retirement
from model_serving.components.succession.retirement import RetirementRefusedError, require_quiet
from model_serving.contract.retirement import RETIREMENT_REFUSED_BY
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.sql_statements import WAREHOUSE
from model_serving.spec.endpoint_resources import CHILD_SUFFIXES, endpoint_resource


class QuietPredecessorHook:
    """The retirements of one program run, and the hook that judges each of them once."""

    def __init__(self) -> None:
        self._retired: dict[str, Retirement] = {}
        self._settings: Mapping[str, Any] = {}
        self._quiet = timedelta()
        self._judged: dict[str, asyncio.Future[None]] = {}
        self._hook = pulumi.ResourceHook(
            RETIREMENT_REFUSED_BY, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True)
        )

    def binding(self) -> pulumi.ResourceHookBinding:
        """The hooks of an endpoint that has a predecessor or is one, and of its children."""
        return pulumi.ResourceHookBinding(before_delete=[self._hook])

    def watch(self, retirements: Iterable[Retirement], settings: Mapping[str, Any], quiet: float) -> None:
        """Judge these endpoints before the engine deletes them.

        `settings` are the provider's; nobody may have called them for `quiet` seconds.
        """
        self._retired |= {each.member.resource: each for each in retirements}
        self._settings, self._quiet = settings, timedelta(seconds=quiet)

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError if the resource belongs to an endpoint that is retired while it is called."""
        retired = self._retired.get(args.name if args.type == MODEL_SERVING else _endpoint_of_child(args.name))
        if retired is None:
            return
        resource = retired.member.resource
        if resource in self._judged:
            try:
                await self._judged[resource]
            except RetirementRefusedError:
                raise ValueError(f'Endpoint "{retired.member.name}" can\'t be retired, as reported already') from None
            return
        self._judged[resource] = asyncio.ensure_future(self._judge(retired, args.urn))
        try:
            await self._judged[resource]
        except RetirementRefusedError as error:
            raise ValueError(str(error)) from None

    async def _judge(self, retired: Retirement, urn: str) -> None:
        since, warehouse = datetime.now(UTC) - self._quiet, os.environ.get(WAREHOUSE, "")
        await in_thread(
            require_quiet,
            retired,
            self._settings,
            since,
            warehouse,
            stack=pulumi.get_stack(),
            is_preview=pulumi.runtime.is_dry_run(),
            urn=urn,
        )


def _endpoint_of_child(resource: str) -> str:
    suffix = next((each for each in CHILD_SUFFIXES if resource.endswith(each)), "")
    return endpoint_resource(resource, suffix)


_hooks = PerRun(QuietPredecessorHook)


def register_quiet_predecessor_hook() -> QuietPredecessorHook:
    """The hook of this run. Register it in every run of a stack: deleting what the state has needs it."""
    return _hooks.get()
