"""After an `up` that ends well, the endpoint serves what is declared: also where an earlier update never arrived.

Where the workspace refuses an update, or its answer is lost, the provider has put the new values into the state's
outputs all the same, and sends nothing at the next `up`. But the engine marks such a resource and updates it at the
next `up`: it calls the hook of this module, which reads the live endpoint and sends what the provider doesn't. An
endpoint that is not updated in a run costs nothing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.deployment.failure_report import config_update, diagnosis, failed, place
from model_serving.components.deployment.served_config import (
    config_body,
    config_differences,
    tag_differences,
    tags_body,
    tags_of,
)
from model_serving.components.engine.hook_names import unique_hook_name
from model_serving.components.engine.hook_values import is_known, resolve
from model_serving.components.engine.threads import in_thread
from model_serving.databricks.client import CallError, UnreachableError, Workspace, WorkspaceError, connect

POLL_SECONDS: Final = 2
LONGEST_SECONDS: Final = 45 * 60
"""As long as the Databricks provider waits for an update."""


class DeliveryError(Exception):
    """The endpoint does not serve what is declared. The text is for the user."""


@dataclass(frozen=True)
class Missing:
    """What the workspace does not have and the provider is not going to send, in phrases."""

    config: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "; ".join((*self.config, *self.tags))


def missing(state: Mapping[str, Any], new: Mapping[str, Any], live: Mapping[str, Any]) -> Missing:
    """What of the new inputs is not live and is not going to be sent, because the state has it already.

    `state` are the old outputs, with which the provider compares. It sends what differs from them.
    """
    body, kept = config_body(new), config_body(state)
    config_is_kept = not config_differences(body, kept)
    tags_are_kept = not tag_differences(tags_of(new), state.get("tags"))
    config = config_differences(body, live.get("config")) if config_is_kept else []
    tags = tag_differences(tags_of(new), live.get("tags")) if tags_are_kept else []
    return Missing(tuple(config), tuple(tags))


def delivery_hook(name: str, settings: pulumi.Output[dict[str, Any]]) -> pulumi.ResourceHookBinding:
    """The hook of an endpoint's resource. `settings` are those of its provider."""

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        """Raise DeliveryError where what is missing can't be sent. In a preview only warn."""
        state, new, where = (
            await resolve(args.old_outputs or {}),
            await resolve(args.new_inputs or {}),
            await resolve(settings),
        )
        if is_known([new.get("config"), new.get("tags"), where]):
            await in_thread(warn_of_missing if pulumi.runtime.is_dry_run() else deliver, where, state, new)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique_hook_name(f"{name}-resend-lost-update"), before_update, options)
    return pulumi.ResourceHookBinding(before_update=[hook])


def warn_of_missing(settings: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """At preview: say what `up` is going to send again."""
    name = str(new["name"])
    try:
        live = _read(connect(settings), name)
    except WorkspaceError as error:
        pulumi.log.warn(
            f'Endpoint "{name}" can\'t be read, so it is not known whether the last update arrived: {error}'
        )
        return
    if config_update(live) == "IN_PROGRESS":
        pulumi.log.warn(f'Endpoint "{name}": an update is still running; `pulumi up` waits until it is over')
    elif found := str(missing(state, new, live)):
        pulumi.log.warn(
            f'Endpoint "{name}" does not serve what was last deployed: {found}. The last update failed, or the endpoint'
            " was changed outside of this stack; `pulumi up` sends it again"
        )


def deliver(settings: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Send what the provider doesn't, and wait until it serves. Raises DeliveryError."""
    name = str(new["name"])
    try:
        workspace = connect(settings)
        live = settle(workspace, name)
        found = missing(state, new, live)
        if found.config:
            _send_config(workspace, name, new, found)
        if found.tags:
            _send_tags(workspace, name, tags_of(new), live.get("tags"), found)
    except WorkspaceError as error:
        raise DeliveryError(f'Endpoint "{name}": {error}') from error


def _send_config(workspace: Workspace, name: str, new: Mapping[str, Any], found: Missing) -> None:
    pulumi.log.info(
        f'Endpoint "{name}" does not serve what was last deployed: {"; ".join(found.config)}. Sending it again'
    )
    body = config_body(new)
    _sent(lambda: workspace.call("PUT", f"{place(name)}/config", body), lambda: _accepted(workspace, name, body))
    live = settle(workspace, name)
    if failed(live):
        raise DeliveryError(diagnosis(workspace, live))


def _accepted(workspace: Workspace, name: str, body: Mapping[str, Any]) -> bool:
    live = _read(workspace, name)
    running = config_update(live) == "IN_PROGRESS"
    return not config_differences(body, live.get("pending_config") if running else live.get("config"))


def _send_tags(workspace: Workspace, name: str, wanted: Mapping[str, str], served: Any, found: Missing) -> None:
    pulumi.log.info(f'Endpoint "{name}": {"; ".join(found.tags)}. Sending the tags again')
    _sent(
        lambda: workspace.call("PATCH", f"{place(name)}/tags", tags_body(wanted, served)),
        lambda: not tag_differences(wanted, _read(workspace, name).get("tags")),
    )


def _sent(call: Callable[[], Any], arrived: Callable[[], bool]) -> None:
    """Make the call. One whose answer was lost has failed only if nothing of it arrived."""
    try:
        call()
    except (CallError, UnreachableError):
        if not arrived():
            raise


def settle(workspace: Workspace, name: str) -> dict[str, Any]:
    """The endpoint once no update of it runs. Raises DeliveryError after LONGEST_SECONDS."""
    deadline, minutes = time.monotonic() + LONGEST_SECONDS, LONGEST_SECONDS // 60
    live = _read(workspace, name)
    if config_update(live) == "IN_PROGRESS":
        pulumi.log.info(f'Endpoint "{name}" is being updated. Waiting until that is over, {minutes} minutes at most')
    while config_update(live) == "IN_PROGRESS":
        if time.monotonic() > deadline:
            raise DeliveryError(
                f'Endpoint "{name}" is still being updated after {minutes} minutes. See its state with `databricks'
                f" serving-endpoints get {name}`; when the update is over, run `pulumi up` again"
            )
        time.sleep(POLL_SECONDS)
        live = _read(workspace, name)
    return live


def _read(workspace: Workspace, name: str) -> dict[str, Any]:
    live = workspace.find(place(name))
    if live is None:
        raise DeliveryError(
            f'Endpoint "{name}" is not in the workspace any more. `pulumi up --refresh` creates it again'
        )
    return live
