"""Resend an update that failed or got lost, so that a successful `up` means that the declared config is served.

If the workspace refuses an update, or its answer is lost, the provider still puts the new values into the state and
sends nothing at the next `up`. But the engine marks such a resource and updates it again. It then calls the hook of
this module, which reads the live endpoint and sends what the provider does not. Endpoints that a run does not update
cost nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from model_serving.components.deployment.served_config import (
    config_body,
    config_differences,
    tag_differences,
    tags_body,
    tags_by_key,
)
from model_serving.components.engine.hook_names import unique_hook_name
from model_serving.components.engine.hook_values import is_known, resolve
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import CallError, UnreachableError, WorkspaceError
from model_serving.databricks.failure_report import failure_report
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    endpoint_path,
    has_failed,
    is_updating,
    wait_for_update,
)


class LostUpdateError(Exception):
    """The endpoint does not serve what is declared. The message is for the user."""


@dataclass(frozen=True)
class LostUpdate:
    """What the endpoint does not serve and the provider will not send, in phrases."""

    config: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "; ".join((*self.config, *self.tags))


def lost_update(state: Mapping[str, Any], desired: Mapping[str, Any], live: Mapping[str, Any]) -> LostUpdate:
    """The desired inputs that the endpoint does not serve and that the state has already.

    `state` are the old outputs. The provider sends only what differs from them.
    """
    body, tags = config_body(desired), tags_by_key(desired.get("tags"))
    is_config_recorded = not config_differences(body, config_body(state))
    are_tags_recorded = not tag_differences(tags, state.get("tags"))
    return LostUpdate(
        tuple(config_differences(body, live.get("config")) if is_config_recorded else ()),
        tuple(tag_differences(tags, live.get("tags")) if are_tags_recorded else ()),
    )


def lost_update_hooks(name: str, settings: pulumi.Output[dict[str, Any]]) -> pulumi.ResourceHookBinding:
    """The hooks of an endpoint's resource. `settings` are those of its provider."""

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        """Raise LostUpdateError if what is lost cannot be sent again. In a preview only warn."""
        state, desired, given = await resolve([args.old_outputs or {}, args.new_inputs or {}, settings])
        if is_known([desired.get("config"), desired.get("tags"), given]):
            run = warn_of_lost_update if pulumi.runtime.is_dry_run() else resend_lost_update
            await in_thread(run, given, state, desired)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique_hook_name(f"{name}-resend-lost-update"), before_update, options)
    return pulumi.ResourceHookBinding(before_update=[hook])


def warn_of_lost_update(settings: Mapping[str, Any], state: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
    """Log what `up` will send again."""
    name = str(desired["name"])
    try:
        live = _read(connect(settings), name)
    except WorkspaceError as error:
        pulumi.log.warn(f'Endpoint "{name}" cannot be read, so whether it has the last update is unknown: {error}')
        return
    if is_updating(live):
        pulumi.log.warn(f'Endpoint "{name}": an update is in progress; `pulumi up` waits until it ends')
    elif lost := str(lost_update(state, desired, live)):
        pulumi.log.warn(
            f'Endpoint "{name}" does not serve what was last deployed: {lost}. The last update failed, or the endpoint'
            " was changed outside of this stack; `pulumi up` sends it again"
        )


def resend_lost_update(settings: Mapping[str, Any], state: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
    """Send what the provider does not, and wait until it is served. Raises LostUpdateError."""
    name = str(desired["name"])
    try:
        workspace = connect(settings)
        live = _read_after_update(workspace, name)
        lost = lost_update(state, desired, live)
        if lost.config:
            _send_config(workspace, name, config_body(desired), lost)
        if lost.tags:
            _send_tags(workspace, name, tags_by_key(desired.get("tags")), live.get("tags"), lost)
    except WorkspaceError as error:
        raise LostUpdateError(f'Endpoint "{name}": {error}') from error


def _send_config(workspace: Workspace, name: str, body: Mapping[str, Any], lost: LostUpdate) -> None:
    def has_arrived() -> bool:
        live = _read(workspace, name)
        return not config_differences(body, live.get("pending_config" if is_updating(live) else "config"))

    pulumi.log.info(
        f'Endpoint "{name}" does not serve what was last deployed: {"; ".join(lost.config)}. Sending it again'
    )
    _send(lambda: workspace.call("PUT", f"{endpoint_path(name)}/config", body), has_arrived)
    live = _read_after_update(workspace, name)
    if has_failed(live):
        raise LostUpdateError(failure_report(workspace, live))


def _send_tags(workspace: Workspace, name: str, desired: Mapping[str, str], live: Any, lost: LostUpdate) -> None:
    pulumi.log.info(f'Endpoint "{name}": {"; ".join(lost.tags)}. Sending the tags again')
    _send(
        lambda: workspace.call("PATCH", f"{endpoint_path(name)}/tags", tags_body(desired, live)),
        lambda: not tag_differences(desired, _read(workspace, name).get("tags")),
    )


def _send(call: Callable[[], Any], has_arrived: Callable[[], bool]) -> None:
    """Make the call. If its answer is lost, it has failed only if nothing of it has arrived."""
    try:
        call()
    except (CallError, UnreachableError):
        if not has_arrived():
            raise


def _read_after_update(workspace: Workspace, name: str) -> Mapping[str, Any]:
    live = _read(workspace, name)
    if is_updating(live):
        minutes = LONGEST_UPDATE_SECONDS // 60
        pulumi.log.info(f'Endpoint "{name}" is being updated. Waiting until the update ends, {minutes} minutes at most')
    return wait_for_update(live, lambda: _read(workspace, name))


def _read(workspace: Workspace, name: str) -> dict[str, Any]:
    live = workspace.find(endpoint_path(name))
    if live is None:
        raise LostUpdateError(
            f'Endpoint "{name}" is not in the workspace any more. `pulumi up --refresh` creates it again'
        )
    return live
