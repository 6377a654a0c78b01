"""The phrases and shapes that every format shares: headlines, steps, what was reviewed, tables and bars."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import Action, ResourceChange, Row
from model_serving.review.assess.sentence import Sentence, quoted, sentence
from model_serving.review.assess.served_entities import Share
from model_serving.review.render.collapse import CollapsedChange
from model_serving.spec.diagnostics import Location

_BAR = 20
_SHORT_BAR = 10
_MANY = 10
"""More writes of one kind in a row than this are one step."""


def headline(change: ResourceChange) -> Sentence:
    """`endpoint fraud-scorer replaced`."""
    return sentence(named(change), of_endpoint(change), f" {change.done}")


def named(change: ResourceChange) -> Sentence:
    """`endpoint fraud-scorer`, `successor fraud-scorer-2`."""
    return sentence(f"{change.noun} ", quoted(change.label))


def of_endpoint(change: ResourceChange) -> Sentence:
    """` of endpoint fraud-scorer` for one of the two endpoints of a migration; else empty."""
    is_one_of_two = change.is_endpoint and change.noun != "endpoint"
    return sentence(" of endpoint ", quoted(change.key)) if is_one_of_two else sentence("")


def place(location: Location) -> str:
    """`stacks/base.yaml:8`."""
    return f"{location.file}:{location.line}"


def collapsed_headline(collapsed: CollapsedChange) -> Sentence:
    """`3 endpoints updated identically`; the headline of the resource if it is the only one."""
    change, count = collapsed.change, len(collapsed.keys)
    if count == 1:
        return headline(change)
    return sentence(f"{number(count, change.noun)} {change.done} identically")


def icon(change: ResourceChange) -> str:
    """The sign of the worst risk."""
    return change.risk.icon if change.risk else "•"


def order_heading(report: Report) -> str:
    """The heading of the steps."""
    return "Steps, refused" if report.verdict is Verdict.FAILED else "Steps"


def number(count: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{count} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """`endpoints`, `served entities`, `permissions`."""
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


def columns(rows: Sequence[Row], before: str, after: str) -> list[tuple[str, list[str]]]:
    """The columns of a before-and-after table under their headings, without empty ones."""
    sides = [(before, [row.before for row in rows]), (after, [row.after for row in rows])]
    return [(heading, cells) for heading, cells in sides if any(cells)]


def bars(shares: Sequence[Share]) -> list[tuple[str, ...]]:
    """The bars of each share: before and after, or only one if all traffic is new or removed."""
    if any(share.before is not None for share in shares) and any(share.after is not None for share in shares):
        return [(_side(share.before), "→", _side(share.after)) for share in shares]
    return [(_side(share.after if share.after is not None else share.before),) for share in shares]


def _side(percentage: int | None) -> str:
    return f"{'':{_BAR}}   - " if percentage is None else f"{bar(percentage, _BAR)} {percentage:>3} %"


def bar(percentage: int, width: int) -> str:
    """A percentage as a bar of `width` characters. Neither 1 % nor 99 % is rounded away."""
    full = min(max(round(percentage * width / 100), percentage > 0), width - (percentage < 100))  # noqa: PLR2004
    return f"{'█' * full}{'░' * (width - full)}"


def served(change: ResourceChange) -> Iterator[Sentence]:
    """What a new endpoint serves, or what a deleted one did."""
    if change.action not in {Action.CREATE, Action.DELETE} or change.gone:
        return
    verb = "serves" if change.action is Action.CREATE else "served"
    percentages = {each.entity: each.after if each.before is None else each.before for each in change.shares}
    for each in change.entities:
        if entity := each.after or each.before:
            share = percentages.get(each.name)
            traffic = sentence(f", {share} % ", quoted(bar(share, _SHORT_BAR))) if share is not None else sentence("")
            compute = sentence(f": {entity.compute}", traffic if len(change.shares) > 1 else "")
            yield sentence(f"{verb} ", quoted(entity.label), " as ", quoted(entity.name), compute)
    for row in change.settings:
        if (row.after or row.before) == "yes":
            yield sentence(row.label.lower())


def steps(report: Report) -> Iterator[Sentence]:
    """The steps in their order; many of one kind in a row as one."""
    for _, group in groupby(
        enumerate(report.order), key=lambda each: (each[1].verb, each[1].noun) if each[1].verb else each[0]
    ):
        writes = [write for _, write in group]
        first, last, count = writes[0], writes[-1], len(writes)
        if count > _MANY:
            names = (quoted(first.name), " … ", quoted(last.name))
            yield sentence(f"{first.verb} {count} {plural(first.noun)}: ", *names)
        else:
            yield from (write.text for write in writes)


def reviewed(report: Report) -> Iterator[Sentence]:
    """What was reviewed, by which tools: the report is stale if this is no longer so."""
    stamp = report.stamp
    if stamp.head:
        yield sentence("commit ", quoted(stamp.head[:12]), " + uncommitted changes" if stamp.uncommitted else "")
    if stamp.base:
        yield sentence("on ", quoted(stamp.base[:12]))
    yield from map(sentence, stamp.tools)
    yield sentence(f"policies {', '.join(report.packs)}" if report.packs else "no policy pack was applied")
