"""The pieces of the comment: one function each, from a part of the report to Markdown. Nothing is decided here."""

from textwrap import dedent, indent

from model_serving.review.assess.impacts import Finding, Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import Row, Subject
from model_serving.review.assess.sentence import quoted
from model_serving.review.assess.served_entities import Share
from model_serving.review.plan.preview import Violation
from model_serving.review.render.collapse import Several
from model_serving.review.render.escape import block, code, folded, plain, prose
from model_serving.review.render.phrases import headline, order_heading, pace, several, tally, verdict

ICONS = {
    Risk.OUTAGE: "🛑",
    Risk.INTERFACE: "🔌",
    Risk.LOST: "🕳️",
    Risk.PROTECTION: "🔓",
    Risk.ACCESS: "🔑",
    Risk.BEHAVIOUR: "🔀",
    Risk.COST: "💰",
    Risk.COSMETIC: "✏️",
}
_BAR = 20
_CELL = 200


def title(report: Report) -> str:
    grave = report.risk in {Risk.OUTAGE, Risk.INTERFACE}
    icon = {Verdict.FINE: "✅", Verdict.FAILED: "❌", Verdict.APPROVAL: "🔴" if grave else "🟡"}[report.verdict]
    lines = [f"## {icon} {prose(verdict(report))}"]
    if counts := tally(report):
        lines += ["", plain(counts)]
    if slow := pace(report):
        lines += ["", f"⏳ {plain(slow)}"]
    return "\n".join(lines)


def errors(report: Report, limit: int) -> str:
    text = "\n\n".join(report.errors)
    return block(text if len(text) <= limit else f"{text[:limit]}\n… ({len(text) - limit} characters more)")


def destructive(subjects: tuple[Subject, ...], verb: str) -> str:
    """The worst, in a block of its own. `verb` says whether it will or would stop."""
    lines = [f"> - **{prose(headline(each))}**: {_outages(each)}" for each in subjects]
    return "\n".join(["> [!CAUTION]", f"> **Something {verb} answering**", *lines])


def destructive_in_short(subjects: tuple[Subject, ...], verb: str) -> str:
    """The same where there are hundreds: each is named, none is left out."""
    names: dict[str, list[str]] = {}
    for each in subjects:
        names.setdefault(f"{each.kind}s {headline(each).rpartition(' ')[2]}", []).append(code(each.key))
    lines = [f"> - **{len(keys)} {plain(what)}**: {', '.join(keys)}" for what, keys in names.items()]
    return "\n".join(["> [!CAUTION]", f"> **{len(subjects)} things, each of which {verb} answering**", *lines])


def _outages(subject: Subject) -> str:
    return "; ".join(prose(finding.what) for finding in subject.findings if finding.risk is Risk.OUTAGE)


def violation(each: Violation, subjects: tuple[Subject, ...] = ()) -> str:
    """A policy's word and its advice, beside what it is about."""
    where = ""
    if len(subjects) == 1:
        where = f" on {prose(f'{subjects[0].kind} {quoted(subjects[0].key)}')}"
        where += f", {code(subjects[0].place)}" if subjects[0].place else ""
    elif subjects:
        first = quoted(subjects[0].key)
        where = f" on {prose(f'{first} and {len(subjects) - 1} more {subjects[0].kind}s')}"
    icon = "⛔" if each.mandatory else "⚠️"
    return f"- {icon} **{plain(each.rule)}** ({plain(each.level)}){where}: {plain(' '.join(each.message.split()))}"


def subject(each: Several) -> str:
    """All that a reviewer should know of one subject, or of several to which the same happens."""
    this = each.subject
    place = f" · {code(this.place)}" if this.place and len(each.keys) == 1 else ""
    lines = [f"### {ICONS[this.risk] if this.risk else '•'} {prose(several(this, len(each.keys)))}{place}", ""]
    lines += [f"- {ICONS[finding.risk]} **{finding.risk}** · {_finding(finding)}" for finding in this.findings]
    if this.rows:
        lines += ["", table(this.rows)]
    if this.shares:
        lines += ["", traffic(this.shares)]
    if len(each.keys) > 1:
        lines += ["", folded(f"All {len(each.keys)} of them", ", ".join(map(code, each.keys)))]
    return "\n".join(lines)


def subject_in_short(each: Several) -> str:
    """One line, for where the room is short."""
    this = each.subject
    told = prose(this.findings[0].what) if this.findings else ""
    more = f" (and {len(this.findings) - 1} more)" if len(this.findings) > 1 else ""
    return f"- {ICONS[this.risk] if this.risk else '•'} {prose(several(this, len(each.keys)))}: {told}{more}"


def _finding(finding: Finding) -> str:
    return f"{prose(finding.what)}{f' — {prose(finding.why)}' if finding.why else ''}"


def table(rows: tuple[Row, ...], before: str = "before", after: str = "after") -> str:
    """Before and after; a side on which nothing stands is left out."""
    sides = [(before, [row.before for row in rows]), (after, [row.after for row in rows])]
    told = [(name, cells) for name, cells in sides if any(cells)]
    lines = ["| | " + " | ".join(name for name, _ in told) + " |", "| --- |" + " --- |" * len(told)]
    for n, row in enumerate(rows):
        lines.append(f"| {plain(row.label)} | " + " | ".join(code(cells[n], _CELL) for _, cells in told) + " |")
    return "\n".join(lines)


def traffic(shares: tuple[Share, ...]) -> str:
    """The split as bars that line up."""
    widths = [
        max(len(cell) for cell in column)
        for column in zip(*((each.entity, each.serves) for each in shares), strict=True)
    ]
    names = [f"{each.entity:{widths[0]}}  {each.serves:{widths[1]}}" for each in shares]
    both = any(share.before is not None for share in shares) and any(share.after is not None for share in shares)
    lines = [f"{name}  {_bars(share, both=both)}" for name, share in zip(names, shares, strict=True)]
    return block("\n".join(["traffic", *lines]))


def _bars(share: Share, *, both: bool) -> str:
    if not both:
        return bar(share.after if share.after is not None else share.before)
    return f"{bar(share.before)}  →  {bar(share.after)}"


def bar(percentage: int | None) -> str:
    """A percentage drawn. The least traffic shows, and so does the least that is missing from all of it."""
    value = percentage or 0
    full = min(max(round(value * _BAR / 100), 1 if value else 0), _BAR - 1 if value < 100 else _BAR)  # noqa: PLR2004
    return f"{'█' * full}{'░' * (_BAR - full)} {value:>3} %" if percentage is not None else f"{'':{_BAR}}   - "


def drift(subjects: tuple[Subject, ...]) -> str:
    """What was changed outside, apart from what the author changed."""
    why = "Approving puts it back to what the stack files declare."
    return _found("### 🌀 Changed outside of this project", why, subjects, "as declared")


def half_arrived(subjects: tuple[Subject, ...]) -> str:
    """What the last update changed, though it ended in an error."""
    why = "The last update ended in an error, and the workspace has this of it all the same."
    return _found("### ⏳ Arrived with an update that failed", why, subjects, "before that update")


def _found(heading: str, why: str, subjects: tuple[Subject, ...], before: str) -> str:
    lines = [heading, "", why, ""]
    for each in subjects:
        lines.append(f"**{prose(f'{each.kind} {quoted(each.key)}')}**" + (" was removed" if each.gone else ""))
        if each.drift:
            lines += ["", table(each.drift, before, "as found")]
        lines.append("")
    return "\n".join(lines).rstrip()


def warnings(told: tuple[str, ...]) -> str:
    """What the preview warns of; the first line of each, and the others as they are."""
    lines = ["### ⚠️ Warnings", ""]
    for each in told:
        first, _, rest = each.partition("\n")
        lines.append(f"- {plain(first)}")
        lines += ["", indent(block(dedent(rest)), "  "), ""] if rest else []
    return "\n".join(lines).rstrip()


def order(report: Report, limit: int) -> str:
    """The steps, folded; cut where they are more than `limit` characters."""
    steps, lines = report.order, list[str]()
    for number, step in enumerate(steps, 1):
        line = f"{number}. {prose(step)}"
        if sum(map(len, lines)) + len(lines) + len(line) > limit:
            lines.append(f"\n… and {len(steps) - number + 1} steps more")
            break
        lines.append(line)
    count = f"{len(steps)} {'step' if len(steps) == 1 else 'steps'}"
    return folded(f"{order_heading(report)} ({count})", "\n".join(lines))


def fields(subjects: tuple[Subject, ...], limit: int) -> str:
    """Every changed field as a coloured difference, in the vocabulary of the stack files."""
    lines: list[str] = []
    left, size = sum(len(each.fields) for each in subjects), 0
    for each in subjects:
        for row in each.fields:
            said = _difference(each.key, row)
            size += sum(map(len, said)) + len(said)
            if size > limit:
                lines.append(f"  … and {left} fields more")
                return folded("Every changed field", block("\n".join(lines), "diff"))
            lines += said
            left -= 1
    return folded("Every changed field", block("\n".join(lines), "diff"))


def _difference(key: str, row: Row) -> list[str]:
    sides = [("-", row.before), ("+", row.after)]
    return [f"{sign} {key}.{row.label}: {' '.join(value.split())}" for sign, value in sides if value]


def stamp(report: Report) -> str:
    """What was reviewed; the report is stale where this is no longer so."""
    said = []
    if report.stamp.head:
        said.append(f"commit {code(report.stamp.head[:12])}")
    if report.stamp.base:
        said.append(f"on {code(report.stamp.base[:12])}")
    said.append(f"policies: {plain(', '.join(report.packs))}" if report.packs else "**judged by no policy pack**")
    if report.digest:
        said.append(f"digest {code(report.digest)}")
    if report.stamp.run:
        said.append(f"[run]({report.stamp.run})")
    return f"<sub>{' · '.join(said)}</sub>"
