"""The impact of a changed field, as the field contract states it."""

from collections.abc import Iterator, Mapping

from model_serving.contract import Consequence, Field, OnChange, fields
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.sentence import Sentence, quoted, sentence
from model_serving.review.plan.diff import Change, Kind, readable
from model_serving.review.plan.redact import shown
from model_serving.spec.field_names import stack_file_path

_RISKS: Mapping[Consequence, Risk] = {
    Consequence.METADATA: Risk.COSMETIC,
    Consequence.ACCESS: Risk.ACCESS,
    Consequence.TRAFFIC: Risk.BEHAVIOUR,
    Consequence.REDEPLOY: Risk.BEHAVIOUR,
    Consequence.LOSS: Risk.LOST,
    Consequence.OUTAGE: Risk.OUTAGE,
}
_OF_SERVED_ENTITIES = frozenset(
    {
        "entityName",
        "entityVersion",
        "workloadSize",
        "workloadType",
        "scaleToZeroEnabled",
        "minProvisionedConcurrency",
        "maxProvisionedConcurrency",
    }
)
"""The fields of a served entity whose impact served_entities.py reports."""


def contract_impacts(changes: tuple[Change, ...], *, replaced: bool, forced_by: tuple[str, ...]) -> Iterator[Impact]:
    """The impact of each change, except for those that served_entities.py and permissions.py report."""
    for change in changes:
        row = _row(change)
        if row is None:
            yield impact(Risk.COSMETIC, edit(change))
        elif (outcome := _outcome(row, change)) is OnChange.DROPPED and not replaced:
            yield impact(Risk.LOST, sentence(edit(change), " would be silently ignored by the provider"), row.reason)
        elif outcome is OnChange.CRASH:
            yield impact(Risk.LOST, sentence(edit(change), " would make the provider fail"), row.reason)
        elif not (replaced and forces(change, forced_by)) and not _reported_elsewhere(change):
            risk = _RISKS[row.consequence]
            yield impact(risk, edit(change), "" if risk is Risk.COSMETIC else row.reason)


def forces(change: Change, forced_by: tuple[str, ...]) -> bool:
    """Whether the provider names this change, or one within it, as what forces a replacement."""
    own = change.pattern.replace(".*", "")
    forcing = {path.partition("[")[0] for path in forced_by}
    return any(path == own or path.startswith(f"{own}.") or own.startswith(f"{path}.") for path in forcing)


def _row(change: Change) -> Field | None:
    """The contract's row for a change: the most exact one around it; for a whole block, the worst row within."""
    rows = fields("model_serving")
    inside = [row for row in rows if row.path.startswith(f"{change.pattern}.") and row.on_change is OnChange.REPLACE]
    if inside and change.kind in {Kind.ADD, Kind.REMOVE}:
        return inside[0]
    around = [row for row in rows if _covers(row.path, change.pattern)]
    return max(around, key=lambda row: len(row.path), default=None)


def _covers(row: str, path: str) -> bool:
    """Whether a row is about a path: about itself, or all below it. `x.*` is about the list x as a whole, too."""
    return path == row or path.startswith(f"{row}.") or path == row.removesuffix(".*")


def _outcome(row: Field, change: Change) -> OnChange:
    if change.pattern == row.path:
        if change.kind is Kind.ADD and row.on_add:
            return row.on_add
        if change.kind is Kind.REMOVE and row.on_remove:
            return row.on_remove
    return row.on_change


def _reported_elsewhere(change: Change) -> bool:
    """Whether served_entities.py reports the change: models, compute and traffic."""
    if change.pattern.startswith("config.trafficConfig") or change.pattern == "config.servedEntities.*":
        return change.kind is not Kind.REORDER
    return change.pattern.startswith("config.servedEntities.*.") and change.path[-1] in _OF_SERVED_ENTITIES


def edit(change: Change) -> Sentence:
    """`description` `a` → `b`."""
    name = quoted(stack_file_path(change.path))
    old, new = (quoted(shown(readable(change.path, value)), 60) for value in (change.old, change.new))
    match change.kind:
        case Kind.ADD:
            return sentence(name, " added: ", new)
        case Kind.REMOVE:
            return sentence(name, " removed (was ", old, ")")
        case Kind.REORDER:
            return sentence(name, ": the same items in another order")
        case Kind.UPDATE:
            return sentence(name, " ", old, " → ", new)


def reason(change: Change) -> str:
    """Why the provider handles a change as it does; empty if the contract doesn't have the field."""
    row = _row(change)
    return row.reason if row else ""
