"""The folded sections of the comment, and its last line: steps, changed fields, drift, warnings, what was reviewed."""

from model_serving.review.assess.report import Report, Stamp
from model_serving.review.assess.resource_change import ResourceChange, Row
from model_serving.review.render import cost_text, links, phrases
from model_serving.review.render.collapse import collapse_changes
from model_serving.review.render.escape import code, escaped, fitting, folded, prose
from model_serving.review.render.markdown_change import message_items

_VALUE = 300


def steps(report: Report, limit: int) -> str:
    """The steps in their order, folded; cut if they are more than `limit` characters."""
    lines = [f"{n}. {prose(text)}" for n, text in enumerate(phrases.steps(report), 1)]
    heading = f"{phrases.order_heading(report)} ({len(report.order)})"
    return folded(heading, "\n".join(fitting(lines, limit, "\n… and {} more")))


def fields(report: Report, limit: int) -> str:
    """Every changed field under its name in the stack files, permissions and secrets included."""
    entries = []
    for collapsed in collapse_changes(report.resources):
        this = collapsed.change
        rows = [*this.fields, *(this.addresses if len(collapsed.keys) == 1 else ())]
        if rows:
            others = f" and {len(collapsed.keys) - 1} more" if len(collapsed.keys) > 1 else ""
            lines = [
                f"- {escaped(this.noun)} {code(this.label)}{others}",
                *(f"  - {_row(row, report.stamp)}" for row in rows),
            ]
            entries.append("\n".join(lines))
    return folded("Every changed field", "\n".join(fitting(entries, limit, "\n… and {} more"))) if entries else ""


def _row(row: Row, stamp: Stamp) -> str:
    place = f" · {links.line(row.place, stamp)}" if row.place else ""
    if row.before and row.after:
        return f"{code(row.label)}: {code(row.before, _VALUE)} → {code(row.after, _VALUE)}{place}"
    verb, value = ("added", row.after) if row.after else ("removed", row.before)
    return f"{code(row.label)} {verb}: {code(value, _VALUE)}{place}"


def cost(report: Report, limit: int) -> str:
    """What changes in cost, and whether changed endpoints have the capacity for their load; empty if nothing does."""
    if not report.cost:
        return ""
    lines = [*cost_text.changes(report.cost), *map(cost_text.capacity, report.cost.capacities)]
    lines += cost_text.unread(report.cost)
    items = fitting([f"- {prose(line)}" for line in lines], limit, "\n… and {} more; the full report is in the run")
    origin = f"\n\n<sub>{escaped(cost_text.origin(report.cost))}</sub>" if report.cost.endpoints else ""
    return f"### {cost_text.HEADING}\n\n" + "\n".join(items) + origin


def drift(changes: tuple[ResourceChange, ...], stamp: Stamp) -> str:
    """What was changed outside, apart from what the author changed."""
    why = "Deploying overwrites it with what the stack files declare."
    return _differences("### 🌀 Changed outside of this project", why, changes, "declared", stamp)


def half_updated(changes: tuple[ResourceChange, ...], stamp: Stamp) -> str:
    """What the last update changed, though it failed."""
    why = "The last update ended in an error, but these values reached the workspace."
    return _differences("### ⏳ Applied by an update that failed", why, changes, "before that update", stamp)


def _differences(heading: str, why: str, changes: tuple[ResourceChange, ...], before: str, stamp: Stamp) -> str:
    lines = [heading, "", why, ""]
    for each in changes:
        removed = " was deleted" if each.gone else ""
        lines.append(f"- {escaped(each.noun)} {links.resource(each, stamp)}{removed}")
        for row in each.drift:
            here, there = code(row.after, _VALUE) or "nothing", code(row.before, _VALUE) or "nothing"
            lines.append(f"  - {code(row.label)}: {here} in the workspace, {there} {before}")
    return "\n".join(lines)


def warnings(texts: tuple[str, ...]) -> str:
    """The preview's warnings; what is below their lines, such as a build log, is folded."""
    return "\n".join(["### ⚠️ Warnings", "", *(line for text in texts for line in message_items(text))]).rstrip()


def stamp(report: Report) -> str:
    """What was reviewed; the report is stale if this is no longer so."""
    parts = list(map(prose, phrases.reviewed(report)))
    if report.digest:
        parts.append(f"digest {code(report.digest)}")
    if report.stamp.run:
        parts.append(f"[run]({report.stamp.run})")
    if report.stamp.workspace:
        parts.append(f"[workspace]({report.stamp.workspace})")
    return f"<sub>{' · '.join(parts)}</sub>"
