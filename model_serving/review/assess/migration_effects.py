"""What a phase of a migration means for callers, access and cost, and how its two endpoints differ."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from model_serving.databricks.resource_types import ENDPOINT_SETTINGS, ENDPOINT_STOP, PERMISSIONS
from model_serving.review.assess.actions import field_row
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, by_risk, impact
from model_serving.review.assess.migration import Pair, Phase, inputs_of, is_about, pair_of
from model_serving.review.assess.permissions import Grant, KnownPrincipals, Principal, grants
from model_serving.review.assess.resource_change import Action, ResourceChange, Row
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.review.assess.served_entities import capacity_of
from model_serving.review.assess.settings import declared_settings
from model_serving.review.assess.stops import stop_impacts
from model_serving.review.plan.diff import compare

_KEEPS: Final = "its URL, its id and its permissions stay"


def with_migration(change: ResourceChange, group: Group, known: KnownPrincipals) -> ResourceChange:
    """The change with the phase of its migration, whose impacts stand for those of the endpoint's end or beginning."""
    pair = pair_of(group)
    if pair is None or change.action is Action.FORGET:
        return change
    migration = pair.migration
    if not is_about(group, migration):
        return replace(change, name=group.name, migration=replace(migration, phase=Phase.RUNS))
    action = Action.DELETE if migration.phase.deletes else change.action
    others = stop_impacts(group, action) if action in {Action.CREATE, Action.DELETE} else change.impacts
    return replace(
        change,
        action=Action.UPDATE if action is Action.NONE else action,
        impacts=by_risk([*migration_impacts(pair, known), *others]),
        name=group.name,
        migration=migration,
        compared=tuple(_differences(pair)),
    )


def _differences(pair: Pair) -> Iterator[Row]:
    """Each declared field that differs, but for permissions; `before` is of the counterpart."""
    before, after = inputs_of(pair.counterpart), inputs_of(pair.endpoint)
    if not before or not after:
        return
    for change in (*compare(before, after), *compare(_settings(pair.counterpart), _settings(pair.endpoint))):
        if change.path != ("name",):
            yield field_row(change)


def _settings(group: Group) -> dict[str, Any]:
    step = group.main(ENDPOINT_SETTINGS)
    return declared_settings(step.new or step.old) if step else {}


def migration_impacts(pair: Pair, known: KnownPrincipals) -> Iterator[Impact]:
    """What the phase means, without the names of the endpoints: identical migrations have the same."""
    match pair.migration.phase:
        case Phase.BEGINS:
            what = "The stack's outputs name the successor's URL from now on"
            yield impact(Risk.BEHAVIOUR, what, sentence("the predecessor's is under ", quoted("predecessor")))
            capacity = capacity_of(inputs_of(pair.endpoint))
            what = "Billed twice, until the predecessor is retired"
            if _runs(pair.endpoint):
                yield impact(Risk.COST, what, f"the successor has {capacity}" if capacity else "")
            yield impact(Risk.COSMETIC, "Callers of the predecessor are not affected", _KEEPS)
        case Phase.TURNS_BACK:
            why = "the stack's outputs name their URLs so; nothing is created, deleted or deployed, and both answer"
            yield impact(Risk.BEHAVIOUR, "The endpoint and its predecessor swap their roles", why)
        case Phase.ENDS:
            why = "it is deleted on purpose, as the end of its migration"
            yield impact(Risk.INTERFACE, "Whoever still calls it gets 404", _with_remarks(why, pair))
            if _runs(pair.counterpart):
                yield impact(Risk.COST, "No longer billed", capacity_of(inputs_of(pair.counterpart)))
            yield impact(Risk.COSMETIC, "Callers of the endpoint that succeeds it are not affected", _KEEPS)
        case Phase.ABANDONED:
            why = "the migration is abandoned: the stack's outputs name the predecessor's URL again"
            yield impact(Risk.INTERFACE, "Whoever calls it gets 404", _with_remarks(why, pair))
            if _runs(pair.counterpart):
                yield impact(Risk.COST, "No longer billed", capacity_of(inputs_of(pair.counterpart)))
            yield impact(
                Risk.COSMETIC, "Callers of the predecessor, which is the endpoint again, are not affected", _KEEPS
            )
    yield from _access(pair, known)


def _runs(group: Group) -> bool:
    """Whether it runs on compute: an endpoint that is declared stopped is not billed."""
    return group.main(ENDPOINT_STOP) is None


def _with_remarks(why: str, pair: Pair) -> str:
    """Why an endpoint is deleted, and what is known of its requests."""
    return ". ".join([why, *(each.rstrip(".") for each in dict.fromkeys(pair.counterpart.remarks))])


def _access(pair: Pair, known: KnownPrincipals) -> Iterator[Impact]:
    """Who may do what on the endpoint that is created or deleted, and who may not on the other one."""
    kept, deleted, phase = _levels(pair.endpoint, known), _levels(pair.counterpart, known), pair.migration.phase
    if phase is Phase.BEGINS:
        if kept:
            yield impact(Risk.ACCESS, sentence("Granted on the successor: ", _listed(kept)))
        if kept is not None and (without := _without(deleted, kept)):
            what = sentence("Granted on the predecessor alone: ", _listed(without))
            yield impact(Risk.ACCESS, what, "without the same on the successor, these callers can't move")
    elif phase.deletes and deleted:
        what = sentence("Access lost: ", _listed(deleted))
        without = _without(deleted, kept or {})
        if kept is None:
            yield impact(Risk.ACCESS, what)
        elif without:
            who = joined(each.principal.sentence for each in without.values())
            yield impact(Risk.ACCESS, what, sentence("less, or nothing, on the other endpoint: ", who))
        else:
            yield impact(Risk.ACCESS, what, "each has the same or more on the other endpoint")


def _levels(group: Group, known: KnownPrincipals) -> Mapping[Principal, Grant] | None:
    """The declared permissions; None where they are not managed."""
    step = group.main(PERMISSIONS)
    if step is None:
        return None
    return {each.principal: each for each in grants({}, step.new or step.old, known)}


def _without(theirs: Mapping[Principal, Grant] | None, ours: Mapping[Principal, Grant]) -> dict[Principal, Grant]:
    """Those of `theirs` who have less, or nothing, in `ours`."""
    found = dict(theirs or {})
    return {
        who: each for who, each in found.items() if who not in ours or Grant(who, ours[who].after, each.after).widens
    }


def _listed(levels: Mapping[Principal, Grant]) -> Sentence:
    return joined(sentence(each.principal.sentence, " with ", quoted(each.after or "")) for each in levels.values())
