"""The issue of the nightly job: the drift of stacks in Markdown, within the forge's limit, the most urgent first."""

import html
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from model_serving.contract.conditions import ALIASES_STAY, SECRETS_LAST
from model_serving.databricks.this_machine import is_on_this_machine
from model_serving.operations.drift.render import words
from model_serving.operations.drift.render.blocks import Block, blocks_of, unmanaged
from model_serving.operations.drift.report import Condition, DriftReport, Orphan, ResourceDrift, WorkspaceDrift
from model_serving.review.assess.report import Report, Stamp, Verdict
from model_serving.review.render import links, markdown_change
from model_serving.review.render.collapse import collapse_violations
from model_serving.review.render.escape import block as code_block
from model_serving.review.render.escape import code, escaped, fitting, folded
from model_serving.review.render.markdown import markdown
from model_serving.review.render.markers import marker
from model_serving.review.render.summary import verdict
from model_serving.spec.diagnostics import Location

LIMIT: Final = 65_536
"""GitHub refuses an issue of more characters. GitLab accepts a million. Source: the forges' API documentation."""

ALL_STACKS: Final = "*"
"""Stands for a stack's name in the marker of a report on all stacks: no stack can have it."""

Places = Callable[[str, str, str, tuple[str, ...]], Location | None]
"""Returns where a stack file declares something: of a stack, a kind, a key and a field below it."""

_VALUE: Final = 200
_MARGIN: Final = 1_000
_FIELDS_SHOWN: Final = 40
_NAMES_SHOWN: Final = 12
_SIGNS: Final = {
    Condition.MISSING: "❌",
    Condition.FAILED: "❌",
    Condition.OTHER_STACK: "❌",
    Condition.STOPPED: "🛑",
    Condition.UNDECLARED: "🗑️",
    Condition.NOT_DEPLOYED: "⏳",
    Condition.NOT_READABLE: "❓",
}
_DIFFERS: Final = "🌀"
_MORE: Final = "\n… and {} more; the full report is in the run"


def drift_marker(stacks: Sequence[str], *, is_whole_workspace: bool) -> str:
    """The first line of the issue, by which it is updated in place: of one stack, or of all of them."""
    return marker(stacks[0] if len(stacks) == 1 and not is_whole_workspace else ALL_STACKS)


def issue(
    report: DriftReport,
    places: Places,
    stamp: Stamp = Stamp(),  # noqa: B008  a frozen value
    previews: Sequence[Report] = (),
    limit: int = LIMIT,
) -> str:
    """The report as an issue of at most `limit` characters. `previews` are what the next deployments would do."""
    stacks = [stack for each in report.workspaces for stack in each.stacks]
    is_stamped = any(_is_open(each, report) for each in previews)  # by the preview
    end = f"<sub>{_stamp(stamp)}</sub>" if _stamp(stamp) and not is_stamped else ""
    room = limit - _MARGIN - len(end)
    sections = [drift_marker(stacks, is_whole_workspace=report.is_whole_workspace), _title(report, previews)]
    room -= sum(len(each) + 2 for each in sections)
    for section in _sections(report, places, stamp, previews, room):
        if section and len(section) + 2 <= room:
            sections.append(section)
            room -= len(section) + 2
    return "\n\n".join(filter(None, [*sections, end])) + "\n"


def _title(report: DriftReport, previews: Sequence[Report]) -> str:
    looked_at = [each for each in previews if each.verdict is not Verdict.FINE]
    failed = any(each.verdict is Verdict.FAILED for each in previews)
    sign = "❌" if failed or report.exit_status == 1 else "🌀" if report.exit_status else "👁️" if looked_at else "✅"
    below = ", but see the preview" if looked_at and not report.exit_status else ""
    lines = [f"## {sign} {escaped(words.verdict(report))}{below}", ""]
    lines += [
        f"{code(', '.join(each.stacks))} at {escaped(each.host)}: {escaped(words.summary(each))}"
        for each in report.workspaces
        if each.resources
    ]
    return "\n".join(lines).rstrip()


def _sections(
    report: DriftReport, places: Places, stamp: Stamp, previews: Sequence[Report], room: int
) -> Iterator[str]:
    """Everything else, the most important first, each section cut to its part of the room."""
    several = len(report.workspaces) > 1
    for each in report.workspaces:
        if several and blocks_of(each):
            yield f"## {escaped(', '.join(each.stacks))}"
        yield from _blocks(each, places, stamp, room // (2 * len(report.workspaces)))
    unread = [sentence for each in report.workspaces for sentence in each.unread]
    yield _list("### ❓ Not read", [escaped(each) for each in unread], room // 8)
    yield _list("### 🧹 Left over", list(map(_orphan, report.orphans)), room // 8)
    made = [resource for each in report.workspaces for resource in unmanaged(each)]
    yield _unmanaged(made, room // 8)
    yield _ways_out(report)
    for preview in previews:
        opened = _is_open(preview, report)
        yield "" if opened else _looked_at(preview, room // 8)
        yield _preview(preview, room // (3 * len(previews)), opened=opened)
    notes = [sentence for each in report.workspaces for sentence in each.notes]
    yield _list("### Notes", [escaped(each) for each in dict.fromkeys(notes)], room // 8)


def _blocks(workspace: WorkspaceDrift, places: Places, stamp: Stamp, room: int) -> Iterator[str]:
    """The blocks in full as far as there is room, and a line for each of the others."""
    blocks = blocks_of(workspace)
    for number, each in enumerate(blocks):
        full = _block(each, workspace, places, stamp)
        if len(full) + 2 > room:
            rest = [f"- {_headline(other, workspace)}" for other in blocks[number:]]
            yield "\n".join(["### And", "", *fitting(rest, max(room, 2_000), _MORE)])
            return
        room -= len(full) + 2
        yield full


def _block(block: Block, workspace: WorkspaceDrift, places: Places, stamp: Stamp) -> str:
    """One resource, or several that differ in the same way: how, who changed it, and what can be done."""
    resource, count = block.first, len(block.resources)
    place = _place(resource, places) if count == 1 else None
    link = f" · {links.line(place, stamp)}" if place else ""
    lines = [f"### {_SIGNS.get(resource.condition, _DIFFERS)} {_headline(block, workspace)}{link}"]
    lines += ["", escaped(words.reason_words(resource))] if resource.reason else []
    lines += ["", *_table(resource)] if resource.fields else []
    if count == 1 and resource.traces:
        lines += ["", *(f"- {escaped(words.trace_words(each))}" for each in resource.traces)]
    if count > 1:
        lines += ["", folded(f"All {count} of them", ", ".join(map(code, block.names)))]
    if advice := words.advice(block):
        lines += ["", escaped(advice)]
    return "\n".join(lines)


def _headline(block: Block, workspace: WorkspaceDrift) -> str:
    resource, count = block.first, len(block.resources)
    several = f" in {code(resource.stack)}" if len(workspace.stacks) > 1 and resource.stack else ""
    state = escaped(words.state_words(resource))
    if count > 1:
        return f"{words.number(count, words.kind_words(resource))}{several}: {state}"
    return f"{words.kind_words(resource)} {_name(resource, workspace.host)}{several}: {state}"


def _name(resource: ResourceDrift, host: str) -> str:
    """The key in the stack file; of an endpoint that exists, linked to its page."""
    text = code(resource.key or resource.name)
    has_page = resource.id and resource.condition is not Condition.MISSING and resource.kind.value == "endpoint"
    if not has_page or is_on_this_machine(host):
        return text
    return links.endpoint_page(text, host, resource.name)


def _place(resource: ResourceDrift, places: Places) -> Location | None:
    if not resource.stack or not resource.key:
        return None
    below = (*map(str, resource.path[2:]), *(map(str, resource.fields[0].path) if len(resource.fields) == 1 else ()))
    return places(resource.stack, words.kind_words(resource), resource.key, below)


def _table(resource: ResourceDrift) -> list[str]:
    rows = words.field_rows(resource.fields)
    remarks = any(remark for *_, remark in rows)
    heading = ["field", words.IN_WORKSPACE, words.DECLARED, *(["remark"] if remarks else [])]
    lines = [f"| {' | '.join(heading)} |", f"| {' | '.join('---' for _ in heading)} |"]
    for name, live, declared, remark in rows[:_FIELDS_SHOWN]:
        cells = [code(name), _value(live), _value(declared), *([escaped(remark)] if remarks else [])]
        lines.append(f"| {' | '.join(cells)} |")
    if len(rows) > _FIELDS_SHOWN:
        lines += ["", f"… and {words.number(len(rows) - _FIELDS_SHOWN, 'more field')}"]
    return lines


def _value(text: str) -> str:
    return text if text == words.NOTHING else code(text, _VALUE)


def _orphan(orphan: Orphan) -> str:
    removal = f"\n  {code_block(orphan.removal, 'sh')}".replace("\n", "\n  ") if orphan.removal else ""
    return f"{escaped(words.orphan_words(orphan))}{removal}"


def _unmanaged(made: Sequence[ResourceDrift], room: int) -> str:
    if not made:
        return ""
    lines = [f"- {code(each.name)}{f' by {escaped(each.creator)}' if each.creator else ''}" for each in made]
    heading = f"{words.number(len(made), 'endpoint')} in no stack file: made by hand"
    return folded(heading, "\n".join(fitting(lines, room, _MORE)))


def _ways_out(report: DriftReport) -> str:
    ways = [f"# {what}\n{command}" for what, command in words.ways_out(report)]
    return f"### What to do\n\n{code_block(chr(10).join(ways), 'sh')}" if ways else ""


def _is_open(preview: Report, report: DriftReport) -> bool:
    """Whether a preview is not folded: it failed, or nothing else is in the issue."""
    return preview.verdict is Verdict.FAILED or (preview.verdict is not Verdict.FINE and not report.exit_status)


def _looked_at(preview: Report, room: int) -> str:
    """Conditions that no comparison of values shows: aliases that moved, and secrets that expire."""
    every = ((violation, each) for each in preview.resources for violation in each.violations)
    found = [each for each in every if each[0].rule in (ALIASES_STAY, SECRETS_LAST)]
    lines = [markdown_change.advice(each, preview.stamp) for each in collapse_violations(found)]
    return "\n".join(["### 👁️ Look at", "", *fitting(lines, room, _MORE)]) if lines else ""


def _preview(preview: Report, room: int, *, opened: bool) -> str:
    """What a deployment of the stack files would do now."""
    body = markdown(preview, max(room, 4_000), is_comment=False)
    if opened:
        return body.strip()
    return folded(f"Preview of the next deployment: {html.escape(str(verdict(preview)))}", body.strip())


def _list(heading: str, items: Sequence[str], room: int) -> str:
    lines = fitting([f"- {each}" for each in items], room, _MORE)
    return "\n".join([heading, "", *lines]) if lines else ""


def _stamp(stamp: Stamp) -> str:
    parts = [f"commit {code(stamp.head[:12])}"] if stamp.head else []
    parts += [f"[run]({stamp.run})"] if stamp.run else []
    return " · ".join(parts)
