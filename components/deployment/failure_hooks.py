"""Report why an endpoint could not be created or updated, while the workspace can still be read.

The provider's own error says only that the endpoint reached UPDATE_FAILED. After a failed update, an error hook reads
the endpoint. After a failed creation it is too late: the provider deletes the endpoint at once (Create of
resource_model_serving.go), and the engine calls no error hook, since nothing is left. So each creation is polled while
it runs.
"""

import contextvars
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from model_serving.components.engine.hook_names import unique_hook_name
from model_serving.components.engine.hook_values import is_known, resolve
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.failure_report import failure_report
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    endpoint_path,
    has_failed,
    is_updating,
)

_FAST_POLL_SECONDS: Final = 1
"""The provider polls every 1 to 10 seconds, so it may still see a failure first."""

_SLOW_POLL_SECONDS: Final = 3
"""After the first half minute: a creation takes minutes, and many may run at once."""

_FAST_SECONDS: Final = 30


def failure_hooks(name: str, settings: pulumi.Output[dict[str, Any]]) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint's resource. `settings` are those of its provider."""

    async def before_create(args: pulumi.ResourceHookArgs) -> None:
        endpoint, given = await resolve([(args.new_inputs or {}).get("name"), settings])
        if is_known([endpoint, given]):
            # A thread that the program does not wait for: the creation may end in another way.
            run = contextvars.copy_context().run
            threading.Thread(target=run, args=(report_failed_creation, given, str(endpoint)), daemon=True).start()

    async def on_error(args: pulumi.ErrorHookArgs) -> bool:
        endpoint, given = await resolve([(args.new_inputs or {}).get("name"), settings])
        if args.failed_operation == "update" and is_known([endpoint, given]):
            await in_thread(report_failed_update, given, str(endpoint))
        return False

    return pulumi.ResourceHookBinding(
        before_create=[pulumi.ResourceHook(unique_hook_name(f"{name}-watch-creation"), before_create)],
        on_error=[pulumi.ErrorHook(unique_hook_name(f"{name}-report-failed-update"), on_error)],
    )


def report_failed_update(settings: Mapping[str, Any], endpoint: str) -> None:
    """Log why the last update failed, if it did."""
    try:
        workspace = connect(settings)
        live = workspace.find(endpoint_path(endpoint))
    except WorkspaceError:
        return  # the provider's error is shown anyway
    if live and has_failed(live):
        pulumi.log.error(failure_report(workspace, live))
    elif live and is_updating(live):
        pulumi.log.error(f'Endpoint "{endpoint}" is still being updated. `pulumi up` waits until the update ends')


def report_failed_creation(settings: Mapping[str, Any], endpoint: str) -> None:
    """Poll the endpoint until its first deployment ends, and log why it failed, if it did."""
    start, exists = time.monotonic(), False
    try:
        workspace = connect(settings)
        while (passed := time.monotonic() - start) < LONGEST_UPDATE_SECONDS:
            live = workspace.find(endpoint_path(endpoint))
            if live is None and exists:
                return
            if live is not None and not is_updating(live):
                if has_failed(live):
                    note = "The Databricks provider deletes an endpoint whose creation failed, and its logs with it"
                    pulumi.log.error(f"{failure_report(workspace, live)}\n  {note}")
                return
            exists = live is not None
            time.sleep(_SLOW_POLL_SECONDS if passed > _FAST_SECONDS else _FAST_POLL_SECONDS)
    except WorkspaceError:
        return  # the provider reports what cannot be read here
