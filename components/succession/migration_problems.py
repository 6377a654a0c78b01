"""What makes a migration impossible, each with its place in the stack file, before anything is registered."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from model_serving.components.engine.exported_state import DeletionOptions
from model_serving.components.succession.recorded_families import Families, Member, Retirement
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.spec.diagnostics import Problem
from model_serving.spec.endpoint_resources import SEPARATOR
from model_serving.spec.field_path import FieldPath
from model_serving.spec.succession import DeclaredEndpoint

_FRESH: Final = "If this stack never had it, write `predecessor: null` into the stack's own file"


def migration_problems(
    found: Families,
    live: Mapping[str, Any],
    connect: Callable[[], Workspace],
    options: Callable[[], Mapping[str, DeletionOptions]],
) -> Iterator[Problem]:
    """The problems of these families. `live` has the list entry of each endpoint that the caller can see, by name.

    `connect` is called only if a declared predecessor is not among them, `options` only if an endpoint is retired.
    """
    undeclared = {endpoint.key: (endpoint, members) for endpoint, members in found.undeclared}
    for each in found.missing:
        _, present = undeclared.pop(each.key, (None, ()))
        yield _misnamed(each, present[0]) if len(present) == 1 else _missing(each, live.get(each.name))
    for path, member in found.members.items():
        if _is_predecessor(path) and (problem := _replaced_outside(path, member, live, connect)):
            yield problem
    for endpoint, members in undeclared.values():
        yield _undeclared(endpoint, members)
    if found.retirements:
        recorded = options()
        for retired in found.retirements:
            if recorded.get(retired.member.resource, DeletionOptions()).protect:
                yield _protected(retired)


def kept_and_replaced(members: Mapping[FieldPath, Member], declared: Iterable[DeclaredEndpoint]) -> Iterator[Problem]:
    """A problem for each endpoint that `replace_id` allows to delete and another option keeps."""
    for each in declared:
        endpoint, member = each.endpoint, members.get(each.path)
        if not endpoint.replace_id or not member or endpoint.replace_id != member.endpoint_id:
            continue
        path = ("endpoints", each.key, "replace_id")
        if endpoint.protect:
            hint = "Remove `protect` until the endpoint is replaced, or remove `replace_id`"
            yield path, "a protected endpoint can't be replaced", hint
        elif endpoint.retain_on_delete:
            hint = "Remove `retain_on_delete` and run `pulumi up`, then set `replace_id`; or remove `replace_id`"
            yield path, "an endpoint that is retained on delete stays, so it can't be replaced", hint


def abandoned_successors(found: Families, prefix: str, live: Mapping[str, Any]) -> Iterator[str]:
    """A warning for each successor that an unfinished run created and that is no longer declared."""
    for each in found.abandoned:
        name = prefix + each.resource.partition(SEPARATOR)[2]
        if name in live:
            yield (
                f'Endpoint "{name}" is live, and neither declared nor in the state: an earlier run of this stack'
                f" created it as a successor. If nobody uses it, delete it: databricks serving-endpoints delete {name}"
            )


def retained(retirement: Retirement, options: Mapping[str, DeletionOptions]) -> bool:
    """Whether the endpoint stays in the workspace when it is taken out of the state."""
    return options.get(retirement.member.resource, DeletionOptions()).retain_on_delete


def _is_predecessor(path: FieldPath) -> bool:
    return len(path) > len(("endpoints", "fraud"))


def _is_gone(workspace: Workspace, name: str) -> bool:
    """Whether the workspace has no such endpoint. What can't be read is not gone."""
    try:
        return workspace.find(endpoint_path(name)) is None
    except WorkspaceError:
        return False


def _misnamed(predecessor: DeclaredEndpoint, present: Member) -> Problem:
    """The problem of a predecessor that the stack does not have, where it has one endpoint that it may mean."""
    message = f'this stack has no endpoint "{predecessor.name}" here to migrate from; it has "{present.name}"'
    return predecessor.path, message, f"Write `name: {present.name.removeprefix(predecessor.prefix)}` in `predecessor`"


def _missing(predecessor: DeclaredEndpoint, live: Mapping[str, Any] | None) -> Problem:
    name = predecessor.name
    if live is None:
        message = f'neither this stack nor the workspace has an endpoint "{name}" to migrate from'
        return predecessor.path, message, f"Correct its `name`, or remove `predecessor`. {_FRESH}"
    message = (
        f'endpoint "{name}", which {live.get("creator") or "somebody"} created, is not in this stack, so it can\'t be'
        " migrated from"
    )
    hint = (
        f"Adopt it first: declare it alone, with `name: {predecessor.written_name}` and `adopt_id: {live.get('id')}`,"
        f" and deploy that. {_FRESH}"
    )
    return predecessor.path, message, hint


def _replaced_outside(
    path: FieldPath, member: Member, live: Mapping[str, Any], connect: Callable[[], Workspace]
) -> Problem | None:
    """The problem of a predecessor that was deleted outside of Pulumi; None if it is as the state has it.

    One that no run has got an answer about has no id: it may be live, and is imported then.
    """
    entry = live.get(member.name)
    if not member.name:
        return None
    if entry is None:
        message = f'endpoint "{member.name}" was deleted outside of Pulumi: there is nothing to migrate from'
        hint = "Remove `predecessor`: then `pulumi up` takes it out of the state"
        return (path, message, hint) if _is_gone(connect(), member.name) else None
    if not member.endpoint_id or entry.get("id") in (member.endpoint_id, None):
        return None
    message = (
        f'endpoint "{member.name}" was deleted and created again outside of Pulumi, by {entry.get("creator")}: it is'
        " not the one that this stack created"
    )
    return path, message, "To use it as it is, run `pulumi refresh`; or choose another predecessor"


def _undeclared(endpoint: DeclaredEndpoint, members: Sequence[Member]) -> Problem:
    *others, last = (f'"{each.name}"' for each in members)
    if others:
        message = f"the stack has {', '.join(others)} and {last} here, and neither is declared any more"
        hint = "Declare one of them as before, and the other as its `predecessor`; then retire that"
        return endpoint.path, message, hint
    message = f"the stack still has {last} here: an endpoint has one predecessor at a time"
    return endpoint.path, message, "Retire one before the next migration: declare the two others as before"


def _protected(retired: Retirement) -> Problem:
    name, heir = retired.member.name, retired.heir
    message = f'endpoint "{name}" is protected and not declared any more: it can\'t be deleted'
    written = name.removeprefix(heir.prefix)
    hint = f"Declare `predecessor: {{name: {written}, protect: false}}` and deploy that; then remove it"
    return heir.path, message, hint


def unknown_state(declared: Iterable[DeclaredEndpoint]) -> str | None:
    """Why nothing can be done while the state can't be read; None if each endpoint has its key's resource anyway."""
    names = [each.name for each in declared if each.is_predecessor or each.endpoint.name or each.endpoint.predecessor]
    if not names:
        return None
    return (
        f"The engine did not answer which endpoints this stack has, so which resource {', '.join(names)} is can't be"
        " known. Nothing was changed: run the same command again"
    )
