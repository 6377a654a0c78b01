"""The summary of a report, the same in every format: verdict, counts, how long it takes and how to go back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from model_serving.databricks.limits import CHANGES, CHANGES_MINUTES
from model_serving.review.assess.adoptions import is_pure_adoption
from model_serving.review.assess.causes import CauseKind
from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.migration import Phase
from model_serving.review.assess.oauth_secrets import SECRET_FIELD
from model_serving.review.assess.report import Purpose, Report, Verdict
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.sentence import Part, Sentence, joined, quoted, sentence
from model_serving.review.render.migration_words import VERDICTS, way_back
from model_serving.review.render.phrases import number

_NAMED = 3
"""At most so many resources are named in the verdict."""
_REFUSALS = {
    CauseKind.IMMUTABLE: "can't be changed in place",
    CauseKind.PROTECTED: "can't be deleted while protected",
    CauseKind.IN_USE: "can't be retired",
}


def verdict(report: Report) -> Sentence:
    """The first line: whether deploying is safe, in one sentence."""
    return sentence(f"{report.stack or 'This stack'}: ", _verdict(report))


def _verdict(report: Report) -> Part:
    if report.verdict is Verdict.FAILED:
        return _failure(report)
    if report.purpose is Purpose.DRIFT and report.order:
        return sentence("the workspace differs from the stack files (", _named(report.resources), ")")
    if adopted := sum(each.action is Action.ADOPT and each.is_endpoint for each in report.resources):
        others = replace(report, resources=tuple(each for each in report.resources if not is_pure_adoption(each)))
        more = sentence("; ", _verdict_on_changes(others)) if others.risk else ", no write"
        return sentence(f"takes {number(adopted, 'endpoint')} under management", more)
    return _verdict_without_risk(report) if report.risk is None else _verdict_on_changes(report)


def _verdict_on_changes(report: Report) -> Part:
    changed = report.changed
    if all(each.drift or each.gone for each in changed) and not any(each.fields for each in changed):
        return sentence("changed outside of this project (", _named(changed), ")")
    if known := _verdict_of_one_kind(changed):
        return known
    affected = [each for each in report.resources if each.risk is report.risk]
    moved = ", an alias moved" if all(each.moved_aliases for each in affected) else ""
    risk = report.risk.verdict if report.risk else ""
    return sentence(f"{risk}{moved} (", _named(affected), ")")


def _verdict_of_one_kind(changed: Sequence[ResourceChange]) -> Part:
    """What changes do that are all the same phase of a migration, or all new; else empty."""
    phases = {each.migration.phase if each.migration else Phase.RUNS for each in changed}
    if len(phases) == 1 and (verdict := VERDICTS.get(next(iter(phases)))):
        return sentence(f"{verdict} (", _named(changed), ")")
    is_new = all(each.action is Action.CREATE and not each.gone for each in changed)
    return "only new resources; nothing existing changes" if is_new else ""


def _failure(report: Report) -> Part:
    """What is wrong, if it is one thing; else the number of reasons."""
    kinds = {cause.kind for cause in report.causes}
    rules = dict.fromkeys(rule for cause in report.causes for rule in cause.rules)
    if kinds == {CauseKind.STACK_FILE}:
        return f"{number(len(report.causes), 'error')} in the stack files"
    if kinds == {CauseKind.POLICY}:
        return sentence("refused by policy (", joined(map(quoted, rules)), ")")
    labels = {(each.kind, each.key): each.label for each in report.resources}
    owners = [labels.get(owner, owner[1]) for owner in dict.fromkeys(each.owner for each in report.causes) if owner]
    if len(kinds) == 1 and 0 < len(owners) <= _NAMED and (why := _REFUSALS.get(next(iter(kinds)))):
        return sentence("refused: ", joined(map(quoted, owners)), f" {why}")
    if kinds and all(kind.refuses for kind in kinds):
        return f"refused for {number(len(report.causes), 'reason')}, nothing can be deployed"
    return "the preview failed, nothing can be deployed"


def _verdict_without_risk(report: Report) -> Part:
    if report.drifted:
        return "changed outside of this project"
    if report.half_updated:
        return "no changes, but the last update failed"
    if report.need_someone:
        return sentence("no changes, but look at ", _named(report.need_someone))
    noticed = any(each.kind.needs_approval for each in report.notices)
    return "no changes, but see below" if noticed or report.conditions else "no changes"


def _named(resources: Sequence[ResourceChange]) -> Part:
    """The keys of a few resources, or their names during a migration; else their number, by kind."""
    if len(resources) <= _NAMED:
        return joined(quoted(each.label) for each in resources)
    kinds = {each.noun for each in resources}
    return number(len(resources), next(iter(kinds)) if len(kinds) == 1 else "resource")


def counts(report: Report) -> str:
    """`1 endpoint replaced, 2 updated · 1 service principal created · 11 endpoints unchanged`."""
    parts = []
    actions = [*Action]
    changed = sorted(report.changed, key=lambda each: actions.index(each.action))
    for noun in dict.fromkeys(["endpoint", "service principal", *sorted({each.noun for each in changed})]):
        if done := Counter(each.counted for each in changed if each.noun == noun):
            (word, count), *more = done.items()
            would = "would be " if report.verdict is Verdict.FAILED else ""
            first = f"{number(count, noun)} {would}{word}"
            parts.append(", ".join([first, *(f"{count} {would}{word}" for word, count in more)]))
    # If the preview ended early, chance decides what it got to.
    if report.unchanged and not report.errors:
        parts.append(f"{number(report.unchanged, 'endpoint')} unchanged")
    if report.order and (deployed := _deployed(report)):
        parts.append(deployed)
    return " · ".join(parts) or ("the effect could not be determined" if report.errors else "nothing is declared")


def _deployed(report: Report) -> str:
    """Whether models are deployed, which is what an update waits for."""
    count = sum(each.deployed_entities for each in report.resources)
    if count:
        return f"{number(count, 'served entity')} {'is' if count == 1 else 'are'} deployed"
    actions = {each.action for each in report.changed if each.is_endpoint}
    moves = any(impact.of_shares for each in report.resources for impact in each.impacts)
    return "no model is deployed again" if moves and actions == {Action.UPDATE} else ""


_CUTS_OFF = (Risk.OUTAGE, Risk.INTERFACE)


def rollback(report: Report) -> Sentence:
    """How to go back after the deployment: the edit of a few lines, or what makes it impossible."""
    changed = [each for each in report.changed if not each.gone]
    if not changed or report.verdict is Verdict.FAILED or not report.order or report.purpose is Purpose.DRIFT:
        return sentence("")
    return _no_way_back(changed) or _commands(changed, report.stack) or sentence("To go back: ", _edits(changed))


def _no_way_back(changed: Sequence[ResourceChange]) -> Sentence:
    """What a revert of the change can't restore, or would delete; empty if neither is so."""
    final = [each for each in changed if each.action in {Action.DELETE, Action.REPLACE} and each.is_endpoint]
    if final:
        new = " would be a new endpoint, with a new id and possibly another URL"
        return sentence("No way back: ", _named(final), new)
    if left := [each for each in changed if each.action is Action.FORGET and each.is_endpoint]:
        return sentence("To go back: adopt ", _named(left), " with ", quoted("adopt_id"), ", under a key of its own")
    if any(row.field == SECRET_FIELD for each in changed if each.risk in _CUTS_OFF for row in each.fields):
        return sentence("No way back: a deleted secret can't be restored")
    if any(each.action is Action.ADOPT for each in changed):
        keep = quoted("retain_on_delete: true")
        return sentence("To go back: deploy ", keep, " on them first; else removing them deletes the live endpoints")
    return sentence("")


def _commands(changed: Sequence[ResourceChange], stack: str) -> Sentence:
    """The commands that go back; empty where there are none."""
    if back := way_back(changed, stack):
        return back
    staged = [quoted(f"model-serving rollback {each.key} --stack {stack}") for each in changed if each.rollout]
    return sentence("To go back at once, at any step: ", joined(staged[:_NAMED])) if staged else sentence("")


def _edits(changed: Sequence[ResourceChange]) -> Part:
    """The lines to restore, if they are few."""
    rows = [row for each in changed for row in each.fields]
    edited = all(each.action is Action.UPDATE for each in changed) and all(row.before and row.field for row in rows)
    if not rows or len(rows) > _NAMED or not edited or any(row.before.startswith("[") for row in rows):
        return "revert this change and deploy it"
    return joined(quoted(f"{row.label}: {row.before}") for row in rows)


def duration_warning(report: Report) -> str:
    """A warning if there are more changes than the workspace accepts at once, else empty."""
    changes = sum(write.configures_endpoint for write in report.order)
    if changes <= CHANGES.value:
        return ""
    minutes = (changes - 1) // CHANGES.value * CHANGES_MINUTES
    return (
        f"{changes} endpoints are created or updated; Databricks accepts {CHANGES.value} in {CHANGES_MINUTES} minutes, "
        f"so this takes at least {minutes} minutes"
    )
