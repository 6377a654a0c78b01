"""The words of a drift report, the same in every format."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from model_serving.operations.drift.remedies import why_not_adopted, why_not_reverted
from model_serving.operations.drift.render.blocks import Block, counts, has_several_origins, unmanaged
from model_serving.operations.drift.report import (
    Condition,
    DriftReport,
    FieldDrift,
    Origin,
    Orphan,
    OrphanKind,
    ResourceDrift,
    Trace,
    WorkspaceDrift,
)

_CONDITIONS: Final = {
    Condition.NOT_READABLE: "not readable",
    Condition.NOT_DEPLOYED: "not deployed yet",
    Condition.MADE_BY_HAND: "made by hand",
    Condition.UNDECLARED: "no longer declared",
    Condition.OTHER_STACK: "in another stack",
    Condition.AS_DECLARED: "as declared",
}
_ORIGINS: Final = {
    Origin.OUTSIDE: "changed outside",
    Origin.NOT_DEPLOYED: "not deployed yet",
    Origin.UNKNOWN: "not known how",
}
_ORPHANS: Final = {
    OrphanKind.PERMISSION: "permission",
    OrphanKind.OAUTH_SECRET: "OAuth secret",
    OrphanKind.SECRET_KEY: "secret key",
}
NOTHING: Final = "nothing"
"""A field without a value."""

IN_WORKSPACE: Final = "in the workspace"
DECLARED: Final = "declared"
"""The headings of the two values of a field."""

COMPARED_WITHOUT_ENGINE: Final = (
    "Not compared: grants, callers' secrets that expire, the rules of the policy pack. With --preview they are"
)


def condition_words(condition: Condition) -> str:
    """A condition as people say it."""
    return _CONDITIONS.get(condition, condition.value)


def state_words(resource: ResourceDrift) -> str:
    """The condition of one resource."""
    if resource.condition is Condition.DRIFTED and resource.is_recreated:
        return "created again under its name"
    if resource.condition is Condition.OTHER_STACK and resource.owner:
        return f"in the state of stack {resource.owner}"
    if resource.fields and all(each.origin is Origin.NOT_DEPLOYED for each in resource.fields):
        words = "an alias moved" if all(each.note for each in resource.fields) else "changed in the stack files"
        return (
            f"{words}, not deployed yet"
            if resource.condition is Condition.DRIFTED
            else condition_words(resource.condition)
        )
    return condition_words(resource.condition)


def reason_words(resource: ResourceDrift) -> str:
    """Why the resource is in its condition, as a sentence; empty where its fields say it."""
    return f"{resource.reason[:1].upper()}{resource.reason[1:]}"


def kind_words(resource: ResourceDrift) -> str:
    """`endpoint`, `service principal` or `secret scope`."""
    return resource.kind.value.replace("_", " ")


def shown(value: Any) -> str:
    """A value as a stack file has it, on one line."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value or '""'
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return str(text).removesuffix("\n").removesuffix("\n...").strip()


def field_rows(fields: Sequence[FieldDrift]) -> list[tuple[str, str, str, str]]:
    """Of each field: its name, its two values, and what else is known of it; all of these remarks may be empty.

    How the fields came to differ is said where they differ in that.
    """
    several = has_several_origins(fields)
    return [(each.name, *_values(each), _remark(each, origin=several)) for each in fields]


def _values(field: FieldDrift) -> tuple[str, str]:
    live, declared = shown(field.live), shown(field.declared)
    return (f"another {live}" if live == declared else live, declared)  # values that are never shown


def _remark(field: FieldDrift, *, origin: bool) -> str:
    return "; ".join(filter(None, (_ORIGINS[field.origin] if origin else "", field.note)))


def trace_words(trace: Trace) -> str:
    """`last changed by ann@example.com on 2026-11-21 22:10 UTC (system.access.audit)`."""
    by = f" by {trace.who}" if trace.who else ""
    on = f" on {datetime.fromtimestamp(trace.when, UTC):%Y-%m-%d %H:%M} UTC" if trace.when else ""
    return f"{trace.action}{by}{on}{f' ({trace.source})' if trace.source else ''}"


def verdict(report: DriftReport) -> str:
    """The result in one sentence, for a title."""
    stacks = ", ".join(stack for each in report.workspaces for stack in each.stacks)
    subject = stacks if stacks and not report.is_whole_workspace else "All stacks"
    differ, left = len([*report.drifted]), len([*report.orphans])
    unread = len([*report.unread]) + sum(len(each.unread) for each in report.workspaces)
    found = [f"{number(differ, 'resource')} {'differs' if differ == 1 else 'differ'}"] if differ else []
    found += [f"{number(left, 'leftover')}"] if left else []
    found += [f"{number(unread, 'thing')} not read"] if unread else []
    return f"{subject}: {', '.join(found) or 'the workspace is as declared'}"


def summary(workspace: WorkspaceDrift) -> str:
    """`11 as declared, 2 drifted, 1 missing · 1 left over`."""
    parts = ", ".join(f"{count} {condition_words(condition)}" for condition, count in counts(workspace))
    left = f" · {len(workspace.orphans)} left over" if workspace.orphans else ""
    return f"{parts or 'nothing is declared'}{left}"


def advice(block: Block) -> str:
    """What to do about a block, where neither of the two ways out at the end of the report is all of it."""
    resource = block.first
    reverted, adopted = why_not_reverted(resource), why_not_adopted(resource)
    if resource.condition is Condition.NOT_READABLE or not (reverted or adopted):
        return ""
    if not reverted:
        restored = "`--revert` creates it again" if resource.condition is Condition.MISSING else ""
        restored = "`--revert` takes it over" if resource.is_recreated else restored
        return _sentences(restored, adopted if resource.condition is Condition.MISSING else "")
    if not adopted and resource.condition is Condition.STOPPED:
        return _sentences(reverted, "`--adopt` declares `stopped: true`")
    return _sentences(reverted)


def _sentences(*phrases: str) -> str:
    return ". ".join(f"{each[0].upper()}{each[1:]}" for each in phrases if each)


def ways_out(report: DriftReport) -> list[tuple[str, str]]:
    """What a person can do with a command, and the command, for each stack."""
    found = []
    for stack in dict.fromkeys(each.stack for each in report.drifted if each.stack):
        own = [each for each in report.drifted if each.stack == stack]
        if any(not why_not_reverted(each) for each in own):
            found.append(("Restore what is declared", f"model-serving drift --stack {stack} --revert"))
        if any(not why_not_adopted(each) for each in own):
            found.append(("Declare what is live", f"model-serving drift --stack {stack} --adopt"))
    if any(map(unmanaged, report.workspaces)):
        found.append(("Take endpoints under management", "model-serving adopt --help"))
    return found


def number(count: int, noun: str) -> str:
    """`1 resource`, `2 resources`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def few(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def orphan_words(orphan: Orphan) -> str:
    """`OAuth secret 4711 of checkout: the state doesn't have it`."""
    when = f", of {datetime.fromtimestamp(orphan.when, UTC):%Y-%m-%d}" if orphan.when else ""
    return f"{_ORPHANS[orphan.kind]} {orphan.name} of {orphan.subject}{when}: {orphan.reason}"
