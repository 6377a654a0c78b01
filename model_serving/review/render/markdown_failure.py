"""Why nothing can be deployed, and what an approved change would break: the first block of the comment."""

from collections.abc import Iterator
from dataclasses import replace

from model_serving.review.assess.causes import Cause, CauseKind
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Stamp
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.render import links, phrases
from model_serving.review.render.escape import code, escaped, fitting
from model_serving.review.render.markdown_change import body, headline

_EXPLAINED = {
    CauseKind.IMMUTABLE: (Risk.OUTAGE, Risk.LOST),
    CauseKind.PROTECTED: (Risk.OUTAGE,),
    CauseKind.IN_USE: (Risk.INTERFACE,),
}
"""The risks of a resource that its cause explains."""


def causes(report: Report, limit: int) -> str:
    """Each cause once: what is wrong, where, and the fixes on lines of their own; at most `limit` characters."""
    blocks = ["\n".join(_cause(each, report.stamp, limit // 2)) for each in report.causes]
    shown = fitting(blocks, limit, "**… and {} more; the full report is in the run**")
    return _alert("\n\n".join(shown))


def _cause(cause: Cause, stamp: Stamp, limit: int) -> list[str]:
    place = f" · {links.line(cause.place, stamp)}" if cause.place else ""
    rules = f" ({', '.join(map(code, cause.rules))})" if cause.kind is CauseKind.POLICY else ""
    lines = [f"**{escaped(cause.message.removesuffix(':'))}**{rules}{place}", ""]
    lines += fitting(list(_details(cause.details)), limit, "… and {} more lines") if cause.details else []
    lines += [f"- **{'or' if n else 'fix'}:** {escaped(fix)}" for n, fix in enumerate(cause.fixes)]
    return lines


def _details(text: str) -> list[str]:
    """Indented lines as a list, other lines as paragraphs: a block of code would scroll sideways."""
    lines: list[str] = []
    for each in filter(str.strip, text.splitlines()):
        lines += [f"- {escaped(each.strip())}"] if each.startswith(" ") else ["", escaped(each), ""]
    return lines


def without_explained(report: Report) -> Iterator[ResourceChange]:
    """The changes without the impacts that a cause explains."""
    kinds = {cause.owner: cause.kind for cause in report.causes if cause.owner}
    for each in report.resources:
        kind = kinds.get((each.kind, each.key))
        if kind is CauseKind.IMMUTABLE and each.action is Action.REPLACE:
            continue
        hidden = _EXPLAINED.get(kind, ()) if kind else ()
        yield replace(each, impacts=tuple(impact for impact in each.impacts if impact.risk not in hidden))


def unexplained_outages(report: Report) -> tuple[ResourceChange, ...]:
    """The resources whose outage no cause explains."""
    explained = {cause.owner for cause in report.causes if cause.kind in _EXPLAINED}
    return tuple(
        each for each in report.resources if each.risk is Risk.OUTAGE and (each.kind, each.key) not in explained
    )


def outages(changes: tuple[ResourceChange, ...], stamp: Stamp, stack: str) -> str:
    """Each change that causes an outage, with all that happens to the resource, in a block of its own."""
    blocks = ["\n".join([f"**{headline(each, stamp)}**", "", *body(each, stack)]) for each in changes]
    return _alert("\n\n".join(blocks))


def outages_in_short(changes: tuple[ResourceChange, ...]) -> str:
    """The same for hundreds: each is named, none is left out."""
    keys: dict[str, list[str]] = {}
    for each in changes:
        keys.setdefault(f"{phrases.plural(each.noun)} {each.done}", []).append(code(each.label))
    lines = [f"- **{len(group)} {escaped(what)}**: {', '.join(group)}" for what, group in keys.items()]
    return _alert("\n".join([f"**{len(changes)} outages**", "", *lines]))


def _alert(text: str) -> str:
    """A red box on GitHub, a quotation elsewhere."""
    return "\n".join(["> [!CAUTION]", *(f"> {line}".rstrip() for line in text.splitlines())])
