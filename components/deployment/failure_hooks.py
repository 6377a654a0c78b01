"""Why an endpoint could not be created or updated: reported at once, while the workspace can still be asked.

The provider's own error says only that the endpoint reached UPDATE_FAILED. A failed update is read afterwards, by an
error hook. A failed creation can't be: the provider deletes the endpoint as soon as it sees the failure (Create of
resource_model_serving.go), and the engine calls no error hook for it, since nothing of it is left. So each creation is
watched while it runs.
"""

import contextvars
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from model_serving.components.deployment.failure_report import config_update, diagnosis, failed, place
from model_serving.components.deployment.lost_updates import LONGEST_SECONDS
from model_serving.components.engine.hook_names import unique_hook_name
from model_serving.components.engine.hook_values import is_known, resolve
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import Workspace, WorkspaceError, connect

WATCH_SECONDS: Final = 1
"""Between two looks at an endpoint that is being created. The provider waits 1 to 10 seconds between its own, so it may
still see a failure first."""

CALM_SECONDS: Final = 3
"""The same after half a minute: a creation takes minutes, and many may run at once."""

_HALF_A_MINUTE: Final = 30


def failure_hooks(name: str, settings: pulumi.Output[dict[str, Any]]) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint's resource. `settings` are those of its provider."""

    async def before_create(args: pulumi.ResourceHookArgs) -> None:
        endpoint, where = await resolve((args.new_inputs or {}).get("name")), await resolve(settings)
        if is_known([endpoint, where]):
            # A thread of its own, which the program does not wait for: the creation may end in another way.
            run = contextvars.copy_context().run
            threading.Thread(target=run, args=(watch_creation, where, str(endpoint)), daemon=True).start()

    async def on_error(args: pulumi.ErrorHookArgs) -> bool:
        endpoint, where = await resolve((args.new_inputs or {}).get("name")), await resolve(settings)
        if args.failed_operation == "update" and is_known([endpoint, where]):
            await in_thread(report_failure, where, str(endpoint))
        return False

    return pulumi.ResourceHookBinding(
        before_create=[pulumi.ResourceHook(unique_hook_name(f"{name}-watch-creation"), before_create)],
        on_error=[pulumi.ErrorHook(unique_hook_name(f"{name}-report-failed-update"), on_error)],
    )


def report_failure(settings: Mapping[str, Any], endpoint: str) -> None:
    """Log why the last update failed, if the endpoint says that it did."""
    try:
        workspace = connect(settings)
        live = workspace.find(place(endpoint))
    except WorkspaceError:
        return  # the provider's error is shown anyway
    if live and failed(live):
        pulumi.log.error(diagnosis(workspace, live))
    elif live and config_update(live) == "IN_PROGRESS":
        pulumi.log.error(f'Endpoint "{endpoint}" is still being updated. `pulumi up` waits until that is over')


def watch_creation(settings: Mapping[str, Any], endpoint: str) -> None:
    """Log why the first deployment failed, if it does. Ends with the deployment, or LONGEST_SECONDS later."""
    start = time.monotonic()
    try:
        workspace = connect(settings)
        seen = False
        while (passed := time.monotonic() - start) < LONGEST_SECONDS:
            live = workspace.find(place(endpoint))
            if live is None and seen:
                return None
            if live is not None:
                seen = True
                if config_update(live) != "IN_PROGRESS":
                    return _report_creation(workspace, live)
            time.sleep(CALM_SECONDS if passed > _HALF_A_MINUTE else WATCH_SECONDS)
    except WorkspaceError:
        return None  # what can't be read here, the provider reports


def _report_creation(workspace: Workspace, live: Mapping[str, Any]) -> None:
    if failed(live):
        gone = "The Databricks provider deletes an endpoint whose creation failed, and its logs with it"
        pulumi.log.error(f"{diagnosis(workspace, live)}\n  {gone}")
