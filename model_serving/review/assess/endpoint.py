"""One endpoint's steps, judged: what a reviewer should know of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_serving.databricks.resource_types import MODEL_SERVING, PERMISSIONS
from model_serving.review.assess.actions import action_of, drift
from model_serving.review.assess.contract_rules import edit, forces, judge, reason
from model_serving.review.assess.grouping import LOGICAL, Group
from model_serving.review.assess.impacts import Finding, Risk, by_risk
from model_serving.review.assess.other_resources import anything, tells
from model_serving.review.assess.permissions import Grant, access, callers, grants
from model_serving.review.assess.resource_change import Action, Row, Subject
from model_serving.review.assess.sentence import quoted
from model_serving.review.assess.served_entities import behaviour, cost, entities, shares
from model_serving.review.assess.settings import SETTINGS, settings_changes, settings_findings
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.field_names import spoken
from model_serving.review.plan.preview import Step, Urn
from model_serving.review.plan.redact import Mark, shown


def endpoint(group: Group, names: Mapping[str, str], fresh: tuple[str, ...]) -> Subject:
    """The endpoint of a group. `names` and `fresh` are the stack's service principals, see access.py."""
    main = group.main(MODEL_SERVING) or Step("same", Urn())
    action, gone = action_of(main), _gone(group)
    unfinished = any(step.unfinished for step in (*group.steps, *group.refreshed) if step.type == MODEL_SERVING)
    refreshed = group.refresh(MODEL_SERVING)
    declared = refreshed.old if refreshed else main.old
    changes = tuple(_changes(main, declared)) if action in _REWRITTEN and main.new else ()
    changed = _grants(group, names, fresh)
    before = {} if action is Action.CREATE and not gone else declared
    after = main.new if action in {*_REWRITTEN, Action.CREATE} else {}
    split = shares(before, after) if action is not Action.NONE and (after or action is Action.DELETE) else ()
    return Subject(
        kind=group.kind,
        key=group.key,
        action=Action.UPDATE if action is Action.NONE and _written(group) else action,
        findings=by_risk(
            [
                *_beside(group, action),
                *_fate(main, action, changes, gone=gone),
                *([_SENT_AGAIN] if unfinished and action is Action.UPDATE else []),
                *_findings(main, action, changes, before),
                *(callers if action is Action.DELETE else access)(changed),
            ]
        ),
        rows=tuple(_rows(main, action, before, after)) if after or action is Action.DELETE else (),
        shares=split if any(share.before != share.after for share in split) else (),
        grants=changed,
        fields=tuple(
            Row(spoken(each.path), shown(each.old), shown(each.new)) for each in (*changes, *_settings(group))
        ),
        drift=drift(group, MODEL_SERVING, PERMISSIONS),
        gone=gone,
        unfinished=unfinished,
    )


_REWRITTEN = (Action.UPDATE, Action.REPLACE)

_SENT_AGAIN = Finding(Risk.BEHAVIOUR, "The last update of it ended in an error: what did not arrive then is sent again")


def _settings(group: Group) -> tuple[Change, ...]:
    """What changes in the fields that the provider drops, and that this project writes itself."""
    step = group.main(SETTINGS)
    return settings_changes(step) if step and action_of(step) in {*_REWRITTEN, Action.DELETE, Action.CREATE} else ()


def _beside(group: Group, action: Action) -> Iterator[Finding]:
    """What happens to the resources around the endpoint, where it doesn't come or go itself."""
    if action in {Action.CREATE, Action.DELETE}:
        return
    yield from settings_findings(_settings(group))
    for step in group.steps:
        if tells(step) and step.type not in {MODEL_SERVING, PERMISSIONS, SETTINGS}:
            yield from anything(step)


def _gone(group: Group) -> bool:
    return any(step.gone for step in group.refreshed if step.type == MODEL_SERVING)


def _written(group: Group) -> bool:
    return any(step.op not in LOGICAL for step in group.steps)


def _findings(main: Step, action: Action, changes: tuple[Change, ...], before: Mapping[str, Any]) -> Iterator[Finding]:
    """What a rewritten endpoint's fields come to, in serving's words where there are some."""
    if action not in _REWRITTEN or not main.new:
        return
    yield from judge(changes, replaced=action is Action.REPLACE, forced_by=main.forced_by)
    yield from behaviour(before, main.new)
    yield from cost(before, main.new)
    putting_back = [each for each in compare(main.old, main.new, main.differs) if each not in changes]
    back = judge(tuple(putting_back), replaced=action is Action.REPLACE, forced_by=main.forced_by)
    # Drift has a section of its own; told here is only what can't be put back.
    yield from (finding for finding in back if finding.risk is Risk.LOST)


def _changes(main: Step, declared: Mapping[str, Any]) -> Iterator[Change]:
    """What the author changed; where that is nothing, what the workspace still lacks of what was declared before."""
    new = main.new
    written = tuple(compare(declared, new, main.differs))
    if written or main.old != new:
        yield from written
        return
    roots = {path.partition(".")[0].partition("[")[0] for path in main.differs}
    for root in sorted(roots & set(new) & set(main.found)):
        yield from (each for each in compare(main.found[root], new[root], main.differs, (root,)) if _wanted(each))


def _wanted(change: Change) -> bool:
    """The provider's own defaults stand in the state only; they are no change."""
    return change.kind is not Kind.REMOVE


def _grants(group: Group, names: Mapping[str, str], fresh: tuple[str, ...]) -> tuple[Grant, ...]:
    step = group.main(PERMISSIONS)
    if step is None or action_of(step) is Action.NONE:
        return ()
    refreshed = group.refresh(PERMISSIONS)
    gone = action_of(step) is Action.DELETE
    return grants(refreshed.old if refreshed else step.old, {} if gone else step.new, names, fresh)


def _fate(main: Step, action: Action, changes: tuple[Change, ...], *, gone: bool) -> Iterator[Finding]:
    """What becomes of the endpoint as a whole."""
    match action:
        case Action.CREATE if gone:
            yield Finding(
                Risk.INTERFACE, "Made again: it was removed outside of this project", "another id, maybe another URL"
            )
        case Action.CREATE:
            yield Finding(Risk.COST, "A new endpoint: it costs from now on, and nobody calls it yet")
        case Action.DELETE:
            yield Finding(Risk.OUTAGE, "Deleted for good: its callers get 404", "the stack files no longer declare it")
        case Action.FORGET:
            why = "`retain_on_delete` is set; it goes on running, and costing, outside of this project"
            yield Finding(Risk.COST, "Pulumi forgets it; callers notice nothing", why)
        case Action.REPLACE:
            yield from _replacement(main, changes)


def _replacement(main: Step, changes: tuple[Change, ...]) -> Iterator[Finding]:
    forcing = [change for change in changes if forces(change, main.forced_by)]
    because = "; ".join(f"{edit(change)}, and {reason(change)}" for change in forcing)
    what = "Deleted, then created again: nothing answers until the new one is ready"
    yield Finding(Risk.OUTAGE, what, because or ", ".join(map(quoted, main.forced_by)))
    if main.new and _url(main, main.old) != _url_after(main):
        yield Finding(Risk.INTERFACE, "Its URL changes: callers must be told the new one")
    yield Finding(Risk.INTERFACE, "Its id changes: tokens and permissions that name the old one stop working")
    why = "an endpoint runs as its creator, for ever"
    yield Finding(Risk.ACCESS, "From now on it runs as the identity that deploys this", why)


def _rows(main: Step, action: Action, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Row]:
    was, will = entities(before), entities(after)
    for name in dict.fromkeys([*will, *was]):
        old, new = was.get(name), will.get(name)
        if (old and old.label) != (new and new.label):
            yield Row(f"Model · {name}", old.label if old else "", new.label if new else "")
        if (old and old.machine) != (new and new.machine):
            yield Row(f"Runs on · {name}", old.machine if old else "", new.machine if new else "")
    optimized = (_yes(before), _yes(after))
    if optimized[0] != optimized[1]:
        yield Row("Route optimized", *optimized)
    if action in {Action.REPLACE, Action.DELETE}:
        yield Row("URL", _url(main, before), _url_after(main) if after else "")
        yield Row("Id", shown(main.found.get("servingEndpointId")), Mark.UNKNOWN.value if after else "")


def _yes(inputs: Mapping[str, Any]) -> str:
    return ("yes" if inputs.get("routeOptimized") is True else "no") if inputs else ""


def _url(main: Step, inputs: Mapping[str, Any]) -> str:
    """Where it is called now. Without route optimization that follows from its name."""
    own = main.found.get("endpointUrl")
    return own if isinstance(own, str) and own else _plain_url(inputs)


def _url_after(main: Step) -> str:
    return Mark.UNKNOWN.value if main.new.get("routeOptimized") is True else _plain_url(main.new)


def _plain_url(inputs: Mapping[str, Any]) -> str:
    return f"/serving-endpoints/{shown(inputs.get('name'))}/invocations"
