"""The sections of the comment on each change: what happens, to whom, and how traffic moves."""

import re
from collections.abc import Sequence

from model_serving.review.assess.impacts import Impact, Risk
from model_serving.review.assess.report import Report, Stamp
from model_serving.review.assess.resource_change import ResourceChange, Row
from model_serving.review.assess.rollout_plan import RolloutPlan
from model_serving.review.assess.served_entities import Share
from model_serving.review.plan.preview import Violation
from model_serving.review.render import links, migration_words, phrases
from model_serving.review.render import rollout_words as words
from model_serving.review.render.collapse import CollapsedChange, CollapsedViolation
from model_serving.review.render.escape import code, escaped, fitting, folded, message, prose

_VALUE = 100
_MESSAGES = 2_000
"""At most so many characters of collapsed policy messages are shown."""


def change(collapsed: CollapsedChange, stamp: Stamp, stack: str) -> str:
    """All that a reviewer should know of one change, or of several identical ones."""
    this, count = collapsed.change, len(collapsed.keys)
    head = headline(this, stamp) if count == 1 else prose(phrases.collapsed_headline(collapsed))
    lines = [f"### {phrases.icon(this)} {head}", "", *body(this, stack, alone=count == 1)]
    if count > 1:
        lines += ["", folded(f"All {count} of them", ", ".join(map(code, collapsed.keys)))]
    return "\n".join(lines).rstrip()


def headline(this: ResourceChange, stamp: Stamp) -> str:
    """The resource, what happens to it, and the line that does it."""
    place = f" · {links.line(this.place, stamp)}" if this.place else ""
    of = prose(phrases.of_endpoint(this))
    return f"{escaped(this.noun)} {links.resource(this, stamp)}{of} {escaped(this.done)}{place}"


def body(this: ResourceChange, stack: str, *, alone: bool = True) -> list[str]:
    """What happens to a resource, worst first; what it serves; how its traffic moves; what follows in a migration.

    Not `alone` it stands for identical changes, whose names differ.
    """
    described = [each for each in this.impacts if not each.of_shares]
    lines = [f"- {each.risk.icon} **{each.risk}** · {impact_text(each)}" for each in described]
    lines += [line for each in this.moved_aliases for line in _alias(each)]
    lines += [f"- 📦 {prose(each)}" for each in phrases.served(this)]
    lines += traffic(this.shares) if len(described) < len(this.impacts) else []
    lines += rollout(this.rollout) if this.rollout else []
    return [*lines, *migration(this, stack, alone=alone)]


def migration(this: ResourceChange, stack: str, *, alone: bool = True) -> list[str]:
    """Its two endpoints with their URLs, how they differ, and what comes next. URLs in a table would not fit."""
    following = migration_words.next_step(this, stack, alone=alone)
    named = migration_words.endpoints(this) if alone else ()
    lines = [f"- 🔗 **{role}** {code(name)} · {code(url)}" for role, name, url in named]
    lines += [f"- ⚖️ **differs** · {_difference(row)}" for row in this.compared]
    return [*lines, *([f"- ⏭️ **next** · {prose(following)}"] if following else [])]


def _difference(row: Row) -> str:
    return f"{code(row.label)}: {code(row.before, _VALUE) or 'not set'} → {code(row.after, _VALUE) or 'not set'}"


def _alias(moved: Violation) -> list[str]:
    """What deploys another version though no file names one."""
    first, main, _ = message(moved.message)
    return [f"- 🏷️ **alias moved** · {first}", *(f"  - {line}" for line in main)]


def impact_text(this: Impact) -> str:
    """What happens, and why or what follows."""
    return f"{prose(this.what)}{f' — {prose(this.why)}' if this.why else ''}"


def change_in_short(collapsed: CollapsedChange) -> str:
    """One line, for a comment with little room left."""
    first, *more = collapsed.change.impacts
    count = f" (and {len(more)} more)" if more else ""
    return (
        f"- {phrases.icon(collapsed.change)} {prose(phrases.collapsed_headline(collapsed))}: {prose(first.what)}{count}"
    )


def traffic(shares: tuple[Share, ...]) -> list[str]:
    """The traffic before and after, as bars that a narrow window can show."""
    models = {share.model for share in shares if share.model}
    shared = len(models) == 1
    of = f" of {code(models.pop())}" if shared else ""
    lines = [f"- {Risk.BEHAVIOUR.icon} **{Risk.BEHAVIOUR}** · Traffic{of} moves"]
    lines += [] if shared else [f"  - {code(share.entity)} is {code(share.serves)}" for share in shares if share.model]
    lines += ["", "| | before | after |", "| --- | --- | --- |"]
    for share in shares:
        version = f" v{escaped(share.version)}" if shared and share.version else ""
        lines.append(f"| {code(share.entity)}{version} | {_bar(share.before)} | {_bar(share.after)} |")
    return lines


def rollout(plan: RolloutPlan) -> list[str]:
    """The steps of the traffic as a table that a narrow window can show, and what each must pass."""
    lines = [
        "",
        f"- 🪜 **rollout** · {prose(words.title(plan))}",
        *(f"  - {prose(each)}" for each in words.conditions(plan)),
    ]
    if len(plan.moving) > words.MOST_COLUMNS:
        return [*lines, *(f"  - {name}: {prose(words.in_words(plan, step))}" for name, step in words.rows(plan))]
    lines += ["", f"| | {' | '.join(map(code, plan.moving))} |", "| --- |" + " --- |" * len(plan.moving)]
    for name, step in words.rows(plan):
        cells = (f"{step.percentages.get(entity, 0)} %" for entity in plan.moving)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _bar(percentage: int | None) -> str:
    return "-" if percentage is None else f"{code(phrases.bar(percentage, 10))} {percentage} %"


def advice(collapsed: CollapsedViolation, stamp: Stamp) -> str:
    """A violation that refuses nothing, with its place and its fix; those of other resources are folded."""
    first, resources = collapsed.first, collapsed.resources
    place = f" · {links.line(first.place, stamp)}" if first.place and len(resources) == 1 else ""
    where = f" and {len(resources) - 1} more" if len(resources) > 1 else ""
    owner = f" · {code(resources[0].key)}{where}" if len(resources) > 1 else ""
    lines = message_items(first.message, f"{owner} ({code(first.rule)}){place}", first.fixes)
    if len(resources) > 1:
        lines += ["", folded(f"{len(resources) - 1} more", _others(collapsed)), ""]
    return "\n".join(lines)


def message_items(text: str, after: str = "", fixes: Sequence[str] = ()) -> list[str]:
    """A message as an item of a list, with `after` behind its first line, and its fixes; deeper lines are folded."""
    first, main, below = message(text)
    head = first.removesuffix(":") if after else first
    lines = [f"- {head}{after}", *(f"  - {line}" for line in main)]
    lines += [f"  - **{'or' if n else 'fix'}:** {escaped(fix)}" for n, fix in enumerate(fixes)]
    return [*lines, "", folded("Details", "\n".join(f"- {line}" for line in below)), ""] if below else lines


def _others(collapsed: CollapsedViolation) -> str:
    """The other resources; their messages, too, unless they differ in the name alone."""
    pairs = [(each.message, resource.key) for each, resource in collapsed.each if resource]
    if len({re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", "", message) for message, key in pairs}) == 1:
        return ", ".join(fitting([code(key) for _, key in pairs[1:]], _MESSAGES, "… and {} more"))
    return "\n".join(
        fitting([f"- {code(key)}: {escaped(message)}" for message, key in pairs[1:]], _MESSAGES, "\n… and {} more")
    )


def judge_notices(report: Report) -> str:
    """The notices on what judges the change, which a comment begins with."""
    shown = [each for each in report.notices if each.kind.is_first]
    lines = [f"> {each.kind.icon} {escaped(each.text)}" for each in shown]
    return "\n".join(["> [!WARNING]", *lines]) if lines else ""


def notices(report: Report, *, need_approval: bool) -> str:
    """The other notices with their places and fixes: those that need an approval, or those that only inform."""
    lines = []
    for each in report.notices:
        if each.kind.needs_approval is need_approval and not each.kind.is_first:
            place = f" · {links.line(each.place, report.stamp)}" if each.place else ""
            lines.append(f"- {each.kind.icon} {escaped(each.text)}{place}")
            lines += [f"  - **fix:** {escaped(each.fix)}"] if each.fix else []
    return "\n".join(lines)
