"""The sections of the comment: one function each, from a part of the report to Markdown. Nothing is decided here."""

from textwrap import dedent, indent

from model_serving.review.assess.impacts import Impact, Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import ResourceChange, Row
from model_serving.review.assess.served_entities import Share
from model_serving.review.plan.notices import Notice
from model_serving.review.render import phrases
from model_serving.review.render.collapse import CollapsedChange, CollapsedViolation
from model_serving.review.render.escape import block, code, escaped, fitting, folded, prose

_CELL = 200
_MESSAGES = 2_000
"""At most so many characters of collapsed policy messages are shown."""


def title(report: Report) -> str:
    """The verdict, the counts and how long it takes."""
    grave = report.risk in {Risk.OUTAGE, Risk.INTERFACE}
    sign = {Verdict.FINE: "✅", Verdict.FAILED: "❌", Verdict.APPROVAL: "🔴" if grave else "🟡"}[report.verdict]
    lines = [f"## {sign} {prose(phrases.verdict(report))}", "", escaped(phrases.counts(report))]
    if slow := phrases.duration_warning(report):
        lines += ["", f"⏳ {escaped(slow)}"]
    return "\n".join(lines)


def notices(shown: tuple[Notice, ...]) -> str:
    """Each notice, with its place and its fix."""
    lines = []
    for each in shown:
        place = f" · {code(phrases.place(each.place))}" if each.place else ""
        lines.append(f"- {each.kind.icon} {escaped(each.text)}{place}")
        lines += [f"  fix: {escaped(each.fix)}"] if each.fix else []
    return "\n".join(lines)


def errors(report: Report, limit: int) -> str:
    """The preview's errors, cut if they are more than `limit` characters."""
    text = "\n\n".join(report.errors)
    return block(text if len(text) <= limit else f"{text[:limit]}\n… ({len(text) - limit} characters more)")


def outages(changes: tuple[ResourceChange, ...], verb: str) -> str:
    """What causes an outage, in a block of its own. `verb` is `causes` or `would cause`."""
    lines = []
    for each in changes:
        impacts = ". ".join(prose(impact.what) for impact in each.impacts if impact.risk is Risk.OUTAGE)
        lines.append(f"> - **{prose(phrases.headline(each))}**: {impacts}")
    return "\n".join(["> [!CAUTION]", f"> **This change {verb} an outage**", *lines])


def outages_in_short(changes: tuple[ResourceChange, ...], verb: str) -> str:
    """The same for hundreds: each is named, none is left out."""
    keys: dict[str, list[str]] = {}
    for each in changes:
        keys.setdefault(f"{each.kind}s {each.action.done}", []).append(code(each.key))
    lines = [f"> - **{len(group)} {escaped(what)}**: {', '.join(group)}" for what, group in keys.items()]
    return "\n".join(["> [!CAUTION]", f"> **This change {verb} {len(changes)} outages**", *lines])


def violation(collapsed: CollapsedViolation) -> str:
    """A violated rule, the resources, and the message; for several resources, with the other messages folded."""
    first, resources = collapsed.first, collapsed.resources
    where = f" on {prose(phrases.named(resources[0]))}" if resources else ""
    if len(resources) > 1:
        where += f" and {len(resources) - 1} more"
    elif resources and resources[0].location:
        where += f", {code(phrases.place(resources[0].location))}"
    sign = "⛔" if first.mandatory else "⚠️"
    line = f"- {sign} **{escaped(first.rule)}** ({escaped(first.level)}){where}: {escaped(first.message)}"
    if len(resources) == 1 or not resources:
        return line
    others = [f"{resource.key}: {each.message}" for each, resource in collapsed.each[1:] if resource]
    messages = "\n".join(fitting(others, _MESSAGES, "… and {} more"))
    return f"{line}\n\n{folded(f'{len(others)} more', block(messages))}\n"


def change(collapsed: CollapsedChange) -> str:
    """All that a reviewer should know of one change, or of several identical ones."""
    this = collapsed.change
    place = f" · {code(phrases.place(this.location))}" if this.location and len(collapsed.keys) == 1 else ""
    lines = [f"### {phrases.icon(this)} {prose(phrases.collapsed_headline(collapsed))}{place}", ""]
    lines += [f"- {each.risk.icon} **{each.risk}** · {_impact(each)}" for each in this.impacts]
    if this.rows:
        lines += ["", table(this.rows)]
    if this.shares:
        lines += ["", traffic(this.shares)]
    if len(collapsed.keys) > 1:
        lines += ["", folded(f"All {len(collapsed.keys)} of them", ", ".join(map(code, collapsed.keys)))]
    return "\n".join(lines)


def change_in_short(collapsed: CollapsedChange) -> str:
    """One line, for a comment with little room left."""
    first, *more = collapsed.change.impacts
    count = f" (and {len(more)} more)" if more else ""
    return (
        f"- {phrases.icon(collapsed.change)} {prose(phrases.collapsed_headline(collapsed))}: {prose(first.what)}{count}"
    )


def _impact(impact: Impact) -> str:
    return f"{prose(impact.what)}{f' — {prose(impact.why)}' if impact.why else ''}"


def table(rows: tuple[Row, ...], before: str = "before", after: str = "after") -> str:
    """The rows as a before-and-after table."""
    shown = phrases.columns(rows, before, after)
    lines = ["| | " + " | ".join(heading for heading, _ in shown) + " |", "| --- |" + " --- |" * len(shown)]
    for n, row in enumerate(rows):
        lines.append(f"| {escaped(row.label)} | " + " | ".join(code(cells[n], _CELL) for _, cells in shown) + " |")
    return "\n".join(lines)


def traffic(shares: tuple[Share, ...]) -> str:
    """The traffic split as aligned bars."""
    entity = max(len(share.entity) for share in shares)
    serves = max(len(share.serves) for share in shares)
    names = [f"{share.entity:{entity}}  {share.serves:{serves}}" for share in shares]
    lines = ["  ".join([name, *drawn]) for name, drawn in zip(names, phrases.bars(shares), strict=True)]
    return block("\n".join(["traffic", *lines]))


def drift(changes: tuple[ResourceChange, ...]) -> str:
    """What was changed outside, apart from what the author changed."""
    why = "Approving restores what the stack files declare."
    return _differences("### 🌀 Changed outside of this project", why, changes, "as declared")


def half_updated(changes: tuple[ResourceChange, ...]) -> str:
    """What the last update changed, though it failed."""
    why = "The last update ended in an error, but these values reached the workspace."
    return _differences("### ⏳ Applied by an update that failed", why, changes, "before that update")


def _differences(heading: str, why: str, changes: tuple[ResourceChange, ...], before: str) -> str:
    lines = [heading, "", why, ""]
    for each in changes:
        lines.append(f"**{prose(phrases.named(each))}**" + (" was removed" if each.gone else ""))
        if each.drift:
            lines += ["", table(each.drift, before, "in the workspace")]
        lines.append("")
    return "\n".join(lines).rstrip()


def warnings(texts: tuple[str, ...]) -> str:
    """The preview's warnings: the first line of each as words, the others as they are."""
    lines = ["### ⚠️ Warnings", ""]
    for each in texts:
        first, _, rest = each.partition("\n")
        lines.append(f"- {escaped(first)}")
        lines += ["", indent(block(dedent(rest)), "  "), ""] if rest else []
    return "\n".join(lines).rstrip()


def order(report: Report, limit: int) -> str:
    """The steps, folded; cut if they are more than `limit` characters."""
    steps = [f"{n}. {prose(write.text)}" for n, write in enumerate(report.order, 1)]
    lines = fitting(steps, limit, "\n… and {} more")
    return folded(f"{phrases.order_heading(report)} ({phrases.number(len(steps), 'step')})", "\n".join(lines))


def fields(changes: tuple[ResourceChange, ...], limit: int) -> str:
    """Every changed field as a coloured difference, under its name in the stack files."""
    entries = ["\n".join(_difference(each.key, row)) for each in changes for row in each.fields]
    lines = fitting(entries, limit, "  … and {} more")
    return folded("Every changed field", block("\n".join(lines), "diff"))


def _difference(key: str, row: Row) -> list[str]:
    sides = [("-", row.before), ("+", row.after)]
    return [f"{sign} {key}.{row.label}: {' '.join(value.split())}" for sign, value in sides if value]


def stamp(report: Report) -> str:
    """What was reviewed; the report is stale if this is no longer so."""
    parts = []
    if report.stamp.head:
        parts.append(f"commit {code(report.stamp.head[:12])}")
    if report.stamp.base:
        parts.append(f"on {code(report.stamp.base[:12])}")
    parts.append(f"policies: {escaped(', '.join(report.packs))}" if report.packs else "**checked by no policy pack**")
    if report.digest:
        parts.append(f"digest {code(report.digest)}")
    if report.stamp.run:
        parts.append(f"[run]({report.stamp.run})")
    return f"<sub>{' · '.join(parts)}</sub>"
