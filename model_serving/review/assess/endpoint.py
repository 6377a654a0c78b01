"""What a preview does to one endpoint."""

from collections.abc import Iterator
from dataclasses import dataclass

from model_serving.contract.replacement import Effect
from model_serving.databricks.resource_types import (
    ENDPOINT_ACCESS,
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
)
from model_serving.review.assess.access_changes import access_changes, grant_rows, management_impacts
from model_serving.review.assess.actions import action_of, drift, field_row
from model_serving.review.assess.adoptions import adoption_impacts, is_adopted
from model_serving.review.assess.contract_rules import contract_impacts, edit, forces, reason
from model_serving.review.assess.grouping import LOGICAL, Group
from model_serving.review.assess.impacts import Impact, Risk, by_risk, impact
from model_serving.review.assess.other_resources import fallback_impacts, is_reported
from model_serving.review.assess.permissions import (
    KnownPrincipals,
    access_impacts,
    lost_access,
)
from model_serving.review.assess.resource_change import Action, ResourceChange, Row
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.review.assess.served_entities import Inputs, behaviour, capacity_of, cost, entity_changes, shares
from model_serving.review.assess.settings import settings_changes, settings_impacts
from model_serving.review.assess.stops import stop_drift, stop_impacts, stop_rows
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.preview import Step, Urn
from model_serving.review.plan.redact import Mark, shown

_REWRITTEN = (Action.UPDATE, Action.REPLACE)


def endpoint_change(group: Group, known: KnownPrincipals) -> ResourceChange:
    """What happens to the endpoint of a group. `known` are the stack's service principals."""
    main = group.main(MODEL_SERVING) or Step("same", Urn())
    action = Action.ADOPT if is_adopted(group) else action_of(main)
    own_steps = [step for step in (*group.steps, *group.refreshed) if step.type == MODEL_SERVING]
    gone = any(step.gone for step in group.refreshed if step.type == MODEL_SERVING)
    unfinished = any(step.unfinished for step in own_steps)
    refreshed = group.refresh(MODEL_SERVING)
    declared = refreshed.old if refreshed else main.old
    before, after = _compared(action_of(main), declared, main.new, gone=gone)
    rewritten = action in _REWRITTEN or main.op == "update"
    changes = _changes(main, declared) if rewritten and after else ()
    settings = _settings_changes(group)
    entities, split, changed_grants = entity_changes(before, after), shares(before, after), access_changes(group, known)
    impacts = [
        *([] if action in {Action.CREATE, Action.DELETE} else _related_impacts(group, settings)),
        *_lifecycle_impacts(main, action, changes, gone=gone),
        *stop_impacts(group, action),
        *([_RETRIED] if unfinished and action is Action.UPDATE else []),
    ]
    if rewritten and after:
        impacts += [*_field_impacts(main, action, changes), *behaviour(entities, split), *cost(entities)]
    impacts += lost_access(changed_grants) if action is Action.DELETE else access_impacts(changed_grants)
    if action is Action.ADOPT:
        impacts += adoption_impacts(writes=bool(impacts))
    written = any(step.op not in LOGICAL for step in group.steps)
    return ResourceChange(
        kind=group.kind,
        key=group.key,
        action=Action.UPDATE if action is Action.NONE and written else action,
        impacts=by_risk(impacts),
        entities=entities,
        settings=_settings_rows(before, after),
        addresses=_addresses(main, before, after),
        shares=split if any(share.before != share.after for share in split) else (),
        grants=changed_grants,
        fields=(
            *map(field_row, (*changes, *settings)),
            *(stop_rows(group) if action not in {Action.CREATE, Action.DELETE, Action.FORGET} else ()),
            *(grant_rows(changed_grants) if action is not Action.CREATE else ()),
        ),
        drift=(*drift(group, MODEL_SERVING, PERMISSIONS), *stop_drift(group)),
        name=next((name for side in (main.new, main.old, declared) if isinstance(name := side.get("name"), str)), ""),
        gone=gone,
        unfinished=unfinished,
    )


@dataclass(frozen=True)
class Sides:
    """The inputs of an endpoint before and after, None where it doesn't exist, and whether it is stopped."""

    before: Inputs | None
    after: Inputs | None
    stopped_before: bool = False
    stopped_after: bool = False


def sides(group: Group) -> Sides:
    """Both sides of the endpoint of a group, unchanged ones too. One that only leaves the state goes on to exist."""
    main = group.main(MODEL_SERVING) or Step("same", Urn())
    refreshed = group.refresh(MODEL_SERVING)
    declared = refreshed.old if refreshed else main.old
    gone = any(step.gone for step in group.refreshed if step.type == MODEL_SERVING)
    stop = group.main(ENDPOINT_STOP)
    before, after = stop is not None and stop.op != "create", stop is not None and stop.op != "delete"
    match action_of(main):
        case Action.CREATE:
            return Sides(None, main.new, stopped_after=after)
        case Action.DELETE:
            return Sides(None if gone else declared, None, stopped_before=before)
        case Action.ADOPT:
            return Sides(main.new, main.new, before, after)
        case Action.UPDATE | Action.REPLACE if main.new:
            return Sides(declared, main.new, before, after)
        case _:
            known = main.new or main.old
            return Sides(known, known, before, after) if known else Sides(None, None)


_RETRIED = impact(Risk.BEHAVIOUR, "The last update failed; what did not reach the workspace is sent again")


def _compared(action: Action, declared: Inputs, new: Inputs, *, gone: bool) -> tuple[Inputs, Inputs]:
    """The two sides that a reviewer compares; both empty if there is nothing to compare."""
    match action:
        case Action.CREATE:
            return (declared if gone else {}), new
        case Action.DELETE:
            return declared, {}
        case Action.UPDATE | Action.REPLACE if new:
            return declared, new
        case _:
            return {}, {}


def _settings_changes(group: Group) -> tuple[Change, ...]:
    """The changed fields that EndpointSettings writes."""
    step = group.main(ENDPOINT_SETTINGS)
    return settings_changes(step) if step and action_of(step) in {*_REWRITTEN, Action.DELETE, Action.CREATE} else ()


_ASSESSED_HERE = {MODEL_SERVING, PERMISSIONS, ENDPOINT_ACCESS, ENDPOINT_SETTINGS, ENDPOINT_STOP}


def _related_impacts(group: Group, settings: tuple[Change, ...]) -> Iterator[Impact]:
    """What happens to the resources around the endpoint."""
    yield from settings_impacts(settings)
    yield from management_impacts(group)
    for step in group.steps:
        if is_reported(step) and step.type not in _ASSESSED_HERE:
            yield from fallback_impacts(step)


def _field_impacts(main: Step, action: Action, changes: tuple[Change, ...]) -> Iterator[Impact]:
    """The impact of the changed fields of an updated or replaced endpoint."""
    replaced = action is Action.REPLACE
    yield from contract_impacts(changes, replaced=replaced, forced_by=main.forced_by)
    restored = tuple(each for each in compare(main.old, main.new, main.differs) if each not in changes)
    # Drift has a section of its own; here is only what can't be restored.
    for each in contract_impacts(restored, replaced=replaced, forced_by=main.forced_by):
        if each.risk is Risk.LOST:
            yield each


def _changes(main: Step, declared: Inputs) -> tuple[Change, ...]:
    """What the author changed; if nothing, what the workspace lacks of what was declared before."""
    written = tuple(compare(declared, main.new, main.differs))
    if written or main.old != main.new:
        return written
    roots = {path.partition(".")[0].partition("[")[0] for path in main.differs}
    return tuple(
        change
        for root in sorted(roots & set(main.new) & set(main.outputs))
        for change in compare(main.outputs[root], main.new[root], main.differs, (root,))
        # The state alone has the provider's own defaults: they are no change.
        if change.kind is not Kind.REMOVE
    )


def _lifecycle_impacts(main: Step, action: Action, changes: tuple[Change, ...], *, gone: bool) -> Iterator[Impact]:
    """What happens to the endpoint as a whole."""
    match action:
        case Action.CREATE if gone:
            what = "Recreated: someone deleted it outside of this project"
            yield impact(Risk.BEHAVIOUR, what, "callers get answers again; its id is new, and its URL may be")
        case Action.CREATE:
            yield impact(Risk.COST, "New endpoint: billed as soon as it is up", capacity_of(main.new))
        case Action.DELETE:
            what = "Permanently deleted: callers get 404"
            yield impact(Risk.OUTAGE, what, "the stack files no longer declare it")
            yield impact(Risk.COST, "No longer billed", capacity_of(main.old))
        case Action.FORGET:
            option = quoted("retain_on_delete")
            why = sentence(option, " is set: it keeps running, and being billed, outside of this project")
            yield impact(Risk.COST, "Removed from Pulumi's state only; callers are not affected", why)
        case Action.REPLACE:
            yield from _replacement_impacts(main, changes)


def _replacement_impacts(main: Step, changes: tuple[Change, ...]) -> Iterator[Impact]:
    forcing = [_explained(each) for each in changes if forces(each, main.forced_by)]
    because = joined(forcing, "; ") if forcing else joined(map(quoted, main.forced_by))
    yield impact(Risk.OUTAGE, f"Deleted and recreated: {Effect.OUTAGE}", because)
    if main.new and _url(main, main.old) != _new_url(main.new):
        yield impact(Risk.INTERFACE, Effect.URL.sentence)
    yield impact(Risk.INTERFACE, Effect.ID.sentence)
    why = "the creator can't be changed"
    yield impact(Risk.ACCESS, Effect.CREATOR.sentence, why)


def _explained(change: Change) -> Sentence:
    why = reason(change)
    return sentence(edit(change), f": {why}" if why else "")


def _settings_rows(before: Inputs, after: Inputs) -> tuple[Row, ...]:
    optimized = Row("Route optimized", _yes_or_no(before), _yes_or_no(after))
    return (optimized,) if optimized.before != optimized.after else ()


def _yes_or_no(inputs: Inputs) -> str:
    return ("yes" if inputs.get("routeOptimized") is True else "no") if inputs else ""


def _addresses(main: Step, before: Inputs, after: Inputs) -> tuple[Row, ...]:
    """URL and id of an endpoint that is replaced or deleted."""
    if action_of(main) not in {Action.REPLACE, Action.DELETE} or not before:
        return ()
    new_id = Mark.UNKNOWN.value if after else ""
    return (
        Row("URL", _url(main, before), _new_url(after) if after else ""),
        Row("Id", shown(main.outputs.get("servingEndpointId")), new_id),
    )


def _url(main: Step, inputs: Inputs) -> str:
    """The current URL. Without route optimization it follows from the name."""
    own = main.outputs.get("endpointUrl")
    return own if isinstance(own, str) and own else _workspace_url(inputs)


def _new_url(inputs: Inputs) -> str:
    return Mark.UNKNOWN.value if inputs.get("routeOptimized") is True else _workspace_url(inputs)


def _workspace_url(inputs: Inputs) -> str:
    return f"/serving-endpoints/{shown(inputs.get('name'))}/invocations"
