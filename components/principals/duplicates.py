"""What one request created twice, because its answer was lost and the provider sent it again: found and removed.

The provider repeats a POST after a reset or a 503: a second service principal or OAuth secret then belongs to nobody. A
listing before the creation and one after it show what appeared meanwhile. What the state did not get is removed where
nothing else can have created it, and reported with the command that removes it where something else can.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from model_serving.components.engine.program_run import PerRun
from model_serving.components.engine.threads import in_thread
from model_serving.components.principals.listing import Principal, Secret, principals, secrets
from model_serving.databricks.client import Workspace, WorkspaceError, connect

RESENT_AFTER: Final = 1.0
"""Seconds that the provider waits at least before it sends a request again. Source: databricks-sdk-go, retries.go."""

Found = Principal | Secret


@dataclass(frozen=True)
class _Kind:
    """What is created: the input by whose value all of them are listed, and how."""

    title: str
    key: str
    listed: Callable[[Workspace, str], Sequence[Found]]


_PRINCIPAL: Final = _Kind("service principals", "displayName", principals)
_SECRET: Final = _Kind("OAuth secrets", "servicePrincipalId", secrets)


@dataclass
class _Window:
    """The creations of one display name, or for one principal, that overlap: judged when the last of them is over."""

    workspace: Workspace
    before: "asyncio.Future[frozenset[str] | None]"
    began: float = field(default_factory=time.monotonic)
    running: int = 0
    ours: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Watched:
    settings: pulumi.Output[dict[str, Any]]
    is_ours: bool


class _Watch:
    """The creations of one kind in one run, and the hooks around each."""

    def __init__(self, kind: _Kind) -> None:
        self._kind, self.watched, self._windows = kind, dict[str, _Watched](), dict[tuple[int, str], _Window]()
        quiet = pulumi.ResourceHookOptions(ignore_errors=True)
        before = pulumi.ResourceHook(f"list {kind.title} before a creation", self.before)
        after = pulumi.ResourceHook(f"remove duplicates of {kind.title}", self.after, quiet)
        self.hooks = pulumi.ResourceHookBinding(before_create=[before], after_create=[after])

    async def before(self, args: pulumi.ResourceHookArgs) -> None:
        """Keep what there is. Where it can't be listed, nothing is judged later."""
        settings = await self.watched[args.name].settings.future() or {}
        try:
            workspace = await in_thread(connect, settings)
        except WorkspaceError:
            return
        key = self._key(workspace, args)
        if key not in self._windows:
            listing = asyncio.ensure_future(in_thread(self._ids, workspace, key[1]))
            self._windows[key] = _Window(workspace, listing)
        self._windows[key].running += 1
        await self._windows[key].before

    async def after(self, args: pulumi.ResourceHookArgs) -> None:
        """Judge what appeared, once no other creation of the same key is running."""
        settings = await self.watched[args.name].settings.future() or {}
        key = self._key(connect(settings), args)
        window = self._windows.get(key)
        if window is None:
            return
        window.ours.add(args.id)
        window.running -= 1
        if window.running:
            return
        del self._windows[key]
        before = await window.before
        if before is not None and time.monotonic() - window.began >= RESENT_AFTER:
            is_ours = self.watched[args.name].is_ours
            for line in await in_thread(self._judge, window, key[1], before, is_ours):
                pulumi.log.warn(line)

    def _key(self, workspace: Workspace, args: pulumi.ResourceHookArgs) -> tuple[int, str]:
        return id(workspace), str((args.new_inputs or {})[self._kind.key])

    def _ids(self, workspace: Workspace, key: str) -> frozenset[str] | None:
        try:
            return frozenset(each.id for each in self._kind.listed(workspace, key))
        except WorkspaceError:
            return None

    def _judge(self, window: _Window, key: str, before: frozenset[str], is_ours: bool) -> list[str]:
        try:
            listed = self._kind.listed(window.workspace, key)
        except WorkspaceError:
            return []
        ours = [each for each in listed if each.id in window.ours]
        new = [each for each in listed if each.id not in before and each.id not in window.ours]
        return [_settle(window.workspace, each, is_ours and _is_twin(window.workspace, each, ours)) for each in new]


def _is_twin(workspace: Workspace, found: Found, ours: Sequence[Found]) -> bool:
    """Whether the same request has created it: a principal has the same rights, and no secret yet."""
    if isinstance(found, Secret):
        return True
    rights = {each.rights for each in ours if isinstance(each, Principal)}
    try:
        return found.rights in rights and not secrets(workspace, found.id)
    except WorkspaceError:
        return False


def _settle(workspace: Workspace, found: Found, is_certain: bool) -> str:
    """Remove it where that is certain; what to say of it."""
    lost = "the workspace created it while this run created another, whose answer was lost at first"
    try:
        if is_certain:
            found.remove(workspace)
            return f"Removed {found.label}: {lost}. The state has the other one"
    except WorkspaceError as error:
        return f"Could not remove {found.label}: {error}. It is not in this stack: {lost}. Remove it: {found.removal}"
    return f"There is a new {found.label} that is not in this stack. If nobody uses it, remove it: {found.removal}"


_principals, _secrets = PerRun(lambda: _Watch(_PRINCIPAL)), PerRun(lambda: _Watch(_SECRET))


def single_principal(resource: str, settings: pulumi.Output[dict[str, Any]]) -> pulumi.ResourceHookBinding:
    """The hooks of a service principal that is to be created once, in the workspace of these provider settings."""
    watch = _principals.get()
    watch.watched[resource] = _Watched(settings, is_ours=True)
    return watch.hooks


def single_secret(
    resource: str, settings: pulumi.Output[dict[str, Any]], *, is_ours: bool
) -> pulumi.ResourceHookBinding:
    """The hooks of an OAuth secret that is to be created once. `is_ours`: no other program creates the principal's."""
    watch = _secrets.get()
    watch.watched[resource] = _Watched(settings, is_ours)
    return watch.hooks
