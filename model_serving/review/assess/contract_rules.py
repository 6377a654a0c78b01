"""What the contract says of a change: its risk class, and the reason. Pure, and the heart of the report."""

from collections.abc import Iterator, Mapping

from model_serving.contract import Consequence, Field, OnChange, fields
from model_serving.review.assess.impacts import Finding, Risk
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.diff import Change, Kind
from model_serving.review.plan.field_names import spoken
from model_serving.review.plan.redact import shown

_CLASSES: Mapping[Consequence, Risk] = {
    Consequence.NONE: Risk.COSMETIC,
    Consequence.METADATA: Risk.COSMETIC,
    Consequence.ACCESS: Risk.ACCESS,
    Consequence.TRAFFIC: Risk.BEHAVIOUR,
    Consequence.REDEPLOY: Risk.BEHAVIOUR,
    Consequence.LOSS: Risk.LOST,
    Consequence.OUTAGE: Risk.OUTAGE,
}


def judge(changes: tuple[Change, ...], *, replaced: bool, forced_by: tuple[str, ...]) -> Iterator[Finding]:
    """A finding for each change that entities.py and access.py don't already tell in serving's own words."""
    for change in changes:
        row = _row(change)
        if row is None:
            yield Finding(Risk.COSMETIC, edit(change))
        elif (outcome := _outcome(row, change)) is OnChange.DROPPED and not replaced:
            yield Finding(Risk.LOST, f"{edit(change)} would not arrive", row.reason)
        elif outcome is OnChange.CRASH:
            yield Finding(Risk.LOST, f"{edit(change)} would make the provider fail", row.reason)
        elif not (replaced and forces(change, forced_by)) and not _told_elsewhere(change):
            yield Finding(_class(row), edit(change), row.reason if _class(row) is not Risk.COSMETIC else "")


def forces(change: Change, forced_by: tuple[str, ...]) -> bool:
    """Whether the provider names this change, or one within it, as what forces a replacement."""
    own = change.pattern.replace(".*", "")
    told = {path.partition("[")[0] for path in forced_by}
    return any(path == own or path.startswith(f"{own}.") or own.startswith(f"{path}.") for path in told)


def _row(change: Change) -> Field | None:
    """The contract's row for a change: the most exact one around it; for a whole block, the worst row within."""
    rows = fields("model_serving")
    around = [row for row in rows if _within(change.pattern, row.path)]
    inside = [row for row in rows if row.path.startswith(f"{change.pattern}.") and row.on_change is OnChange.REPLACE]
    if inside and change.kind in {Kind.ADD, Kind.REMOVE}:
        return inside[0]
    return max(around, key=lambda row: len(row.path), default=None)


def _within(path: str, row: str) -> bool:
    """Whether a row speaks of a path: of itself, or of all below it. `x.*` speaks of the list x as a whole, too."""
    return path == row or path.startswith(f"{row}.") or path == row.removesuffix(".*")


def _outcome(row: Field, change: Change) -> OnChange:
    if change.pattern == row.path:
        if change.kind is Kind.ADD and row.on_add:
            return row.on_add
        if change.kind is Kind.REMOVE and row.on_remove:
            return row.on_remove
    return row.on_change


def _class(row: Field) -> Risk:
    return _CLASSES[row.consequence]


def _told_elsewhere(change: Change) -> bool:
    """Models, sizes and traffic have findings of their own; of a served entity, only the rest is told here."""
    if change.pattern.startswith("config.trafficConfig") or change.pattern == "config.servedEntities.*":
        return change.kind is not Kind.REORDER
    own = {"entityName", "entityVersion", "workloadSize", "workloadType", "scaleToZeroEnabled"}
    own |= {"minProvisionedConcurrency", "maxProvisionedConcurrency"}
    return change.pattern.startswith("config.servedEntities.*.") and change.path[-1] in own


def edit(change: Change) -> str:
    """`description` `a` → `b`."""
    name = quoted(spoken(change.path))
    old, new = quoted(shown(change.old), 60), quoted(shown(change.new), 60)
    match change.kind:
        case Kind.ADD:
            return f"{name} added: {new}"
        case Kind.REMOVE:
            return f"{name} removed (was {old})"
        case Kind.REORDER:
            return f"{name}: the same items in another order"
        case Kind.UPDATE:
            return f"{name} {old} → {new}"


def reason(change: Change) -> str:
    """Why the provider does what it does with a change; empty where the contract doesn't know the field."""
    row = _row(change)
    return row.reason if row else ""
