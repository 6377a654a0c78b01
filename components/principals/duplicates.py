"""Remove the duplicate service principals and OAuth secrets of a creation whose answer was lost.

The provider sends a POST again after a reset or a 503, and the workspace may then have created two. The hooks list what
exists before and after a creation that took long enough for that. A new one that the state does not have is deleted if
only the same request can have created it. Otherwise it is reported, with the command that removes it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from model_serving.components.engine.program_run import PerRun
from model_serving.components.engine.threads import in_thread
from model_serving.components.principals.listing import Principal, Secret, list_principals, list_secrets
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import WorkspaceError

RESENT_AFTER: Final = 1.0
"""Seconds that the provider waits at least before it sends a request again. Source: databricks-sdk-go, retries.go."""

Credential = Principal | Secret


@dataclass(frozen=True)
class _Kind:
    """What is created, the input by whose value all of them are listed, and the function that lists them."""

    title: str
    key: str
    list: Callable[[Workspace, str], Sequence[Credential]]


_PRINCIPAL: Final = _Kind("service-principals", "displayName", list_principals)
_SECRET: Final = _Kind("oauth-secrets", "servicePrincipalId", list_secrets)


@dataclass
class _Window:
    """The overlapping creations of one display name, or for one principal: compared when the last of them ends."""

    workspace: Workspace
    before: "asyncio.Future[frozenset[str] | None]"
    began: float = field(default_factory=time.monotonic)
    running: int = 0
    recorded: set[str] = field(default_factory=set)


class DuplicateHooks:
    """The creations of one kind in one program run, and the hooks that run before and after each."""

    def __init__(self, kind: _Kind) -> None:
        self._kind = kind
        self._resources: dict[str, tuple[pulumi.Output[dict[str, Any]], bool]] = {}
        self._windows: dict[tuple[int, str], _Window] = {}
        quiet = pulumi.ResourceHookOptions(ignore_errors=True)
        before = pulumi.ResourceHook(f"list-{kind.title}", self.before)
        after = pulumi.ResourceHook(f"remove-duplicate-{kind.title}", self.after, quiet)
        self._hooks = pulumi.ResourceHookBinding(before_create=[before], after_create=[after])

    def bind(
        self, resource: str, settings: pulumi.Output[dict[str, Any]], *, is_exclusive: bool
    ) -> pulumi.ResourceHookBinding:
        """Store the resource's provider settings, and return its hooks."""
        self._resources[resource] = settings, is_exclusive
        return self._hooks

    async def before(self, args: pulumi.ResourceHookArgs) -> None:
        """List what exists. If that fails, nothing is compared later."""
        settings, _ = self._resources[args.name]
        try:
            workspace = await in_thread(connect, await settings.future() or {})
        except WorkspaceError:
            return
        key = self._key(workspace, args)
        if key not in self._windows:
            listing = asyncio.ensure_future(in_thread(self._ids, workspace, key[1]))
            self._windows[key] = _Window(workspace, listing)
        self._windows[key].running += 1
        await self._windows[key].before

    async def after(self, args: pulumi.ResourceHookArgs) -> None:
        """Compare with what exists now, once no other creation of the same key is running."""
        settings, is_exclusive = self._resources[args.name]
        key = self._key(connect(await settings.future() or {}), args)
        window = self._windows.get(key)
        if window is None:
            return
        window.recorded.add(args.id)
        window.running -= 1
        if window.running:
            return
        del self._windows[key]
        before = await window.before
        if before is not None and time.monotonic() - window.began >= RESENT_AFTER:
            for line in await in_thread(self._remove_duplicates, window, key[1], before, is_exclusive):
                pulumi.log.warn(line)

    def _key(self, workspace: Workspace, args: pulumi.ResourceHookArgs) -> tuple[int, str]:
        return id(workspace), str((args.new_inputs or {})[self._kind.key])

    def _ids(self, workspace: Workspace, key: str) -> frozenset[str] | None:
        try:
            return frozenset(each.id for each in self._kind.list(workspace, key))
        except WorkspaceError:
            return None

    def _remove_duplicates(self, window: _Window, key: str, before: frozenset[str], is_exclusive: bool) -> list[str]:
        """A message for each one that appeared."""
        try:
            listed = self._kind.list(window.workspace, key)
        except WorkspaceError:
            return []
        recorded = [each for each in listed if each.id in window.recorded]
        new = [each for each in listed if each.id not in before | window.recorded]
        return [
            _handle(window.workspace, each, is_exclusive and _is_duplicate(window.workspace, each, recorded))
            for each in new
        ]


def _is_duplicate(workspace: Workspace, new: Credential, recorded: Sequence[Credential]) -> bool:
    """Whether the same request has created it: then a principal has the same rights, and no secret yet."""
    if isinstance(new, Secret):
        return True
    rights = {each.rights for each in recorded if isinstance(each, Principal)}
    try:
        return new.rights in rights and not list_secrets(workspace, new.id)
    except WorkspaceError:
        return False


def _handle(workspace: Workspace, new: Credential, is_duplicate: bool) -> str:
    """Delete it if it is a duplicate, and return the message about it."""
    cause = "the workspace created it while this run created another, whose answer was lost at first"
    try:
        if is_duplicate:
            workspace.call("DELETE", new.path)
            return f"Removed {new.label}: {cause}. The state has the other one"
    except WorkspaceError as error:
        return f"Could not remove {new.label}: {error}. It is not in this stack: {cause}. Remove it: {new.removal}"
    return f"There is a new {new.label} that is not in this stack. If nobody uses it, remove it: {new.removal}"


_principals, _secrets = PerRun(lambda: DuplicateHooks(_PRINCIPAL)), PerRun(lambda: DuplicateHooks(_SECRET))


def principal_hooks(resource: str, settings: pulumi.Output[dict[str, Any]]) -> pulumi.ResourceHookBinding:
    """The hooks of a service principal's resource. `settings` are those of its provider."""
    return _principals.get().bind(resource, settings, is_exclusive=True)


def secret_hooks(
    resource: str, settings: pulumi.Output[dict[str, Any]], *, is_exclusive: bool
) -> pulumi.ResourceHookBinding:
    """The hooks of an OAuth secret's resource. `is_exclusive`: only this program creates secrets of the principal."""
    return _secrets.get().bind(resource, settings, is_exclusive=is_exclusive)
