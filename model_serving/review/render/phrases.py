"""The sentences that every view shares: the verdict, the tally, the headline of each subject."""

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import Action, Subject
from model_serving.review.assess.sentence import quoted

_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.FORGET: "forgotten",
}
_VERDICTS = {
    Risk.OUTAGE: "approving causes an outage",
    Risk.INTERFACE: "approving breaks callers",
    Risk.LOST: "part of this change would not arrive",
    Risk.PROTECTION: "approving removes a protection from deletion",
    Risk.ACCESS: "approving changes who may do what",
    Risk.BEHAVIOUR: "approving changes what callers are answered",
    Risk.COST: "approving changes cost or capacity",
    Risk.COSMETIC: "nothing that serves is touched",
}


def verdict(report: Report) -> str:
    """The first line: is it safe, in one sentence, without unfolding anything."""
    stack = report.stack or "This stack"
    if report.refused:
        rules = sorted({each.rule for each in report.all_violations if each.mandatory})
        return f"{stack}: refused by policy ({', '.join(map(quoted, rules))})"
    if report.verdict is Verdict.FAILED:
        return f"{stack}: the preview failed, so nothing can be deployed"
    if report.risk is None:
        return f"{stack}: {_without_risk(report)}"
    if all(subject.action is Action.CREATE and not subject.gone for subject in report.subjects):
        return f"{stack}: all of it is new, nothing that exists is touched"
    return f"{stack}: {_VERDICTS[report.risk]} ({_whom(report, report.risk)})"


def _without_risk(report: Report) -> str:
    if report.drifted:
        return "changed outside of this project"
    return "no changes, though the last update ended in an error" if report.half_arrived else "no changes"


def _whom(report: Report, risk: Risk) -> str:
    """Whom the worst risk is about: by name where they are few."""
    keys = [subject.key for subject in report.subjects if subject.risk is risk]
    return ", ".join(map(quoted, keys)) if len(keys) <= 3 else f"{len(keys)} of them"  # noqa: PLR2004


def tally(report: Report) -> str:
    """`1 endpoint replaced, 2 changed · 1 service principal created · 11 unchanged`."""
    parts = []
    for kind in dict.fromkeys(["endpoint", "service principal", *sorted({each.kind for each in report.subjects})]):
        counts = [(report.count(action, kind), done) for action, done in _DONE.items()]
        told = [f"{count} {done}" for count, done in counts if count]
        if told:
            first, *rest = told
            number, _, done = first.partition(" ")
            parts.append(", ".join([f"{number} {kind}{'' if number == '1' else 's'} {done}", *rest]))
    # Where a preview ended early, chance decides what it had come to by then.
    if report.unchanged and not report.errors:
        parts.append(f"{report.unchanged} unchanged")
    return " · ".join(parts) or ("nothing is known of what it would do" if report.errors else "nothing is declared")


PACE = 50
"""Creations and config updates that Databricks takes in five minutes (documentation, model serving limits)."""


def pace(report: Report) -> str:
    """A warning where a change is more than the workspace takes at once; empty where it isn't."""
    verbs = ("Create endpoint", "Update endpoint")
    changes = sum(step.startswith(verbs) for step in report.order)
    if changes <= PACE:
        return ""
    minutes = (changes - 1) // PACE * 5
    return f"{changes} endpoints are written, and Databricks takes {PACE} in five minutes: {minutes} minutes at least"


def headline(subject: Subject) -> str:
    """`endpoint fraud-scorer replaced`."""
    state = _DONE.get(subject.action, "not touched")
    return f"{subject.kind} {quoted(subject.key)} {state}"


def several(subject: Subject, count: int) -> str:
    """`3 endpoints changed alike`; the headline of the subject where it is the only one."""
    if count == 1:
        return headline(subject)
    return f"{count} {subject.kind}s {_DONE.get(subject.action, 'not touched')} alike"


def order_heading(report: Report) -> str:
    """What the list of steps is: what approving does, or what is refused."""
    return "What it would do, in order" if report.verdict is Verdict.FAILED else "What approving does, in order"
