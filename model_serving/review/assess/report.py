"""A preview as a report: every subject judged, a verdict over all, and what approving will do, in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from model_serving.review.assess.digest import digest
from model_serving.review.assess.endpoint import endpoint
from model_serving.review.assess.execution_order import in_order
from model_serving.review.assess.grouping import Group, grouped, owner
from model_serving.review.assess.impacts import ORDER, Finding, Risk, worst
from model_serving.review.assess.permissions import known_principals, new_principals
from model_serving.review.assess.renames import with_renames
from model_serving.review.assess.resource_change import Action, Subject
from model_serving.review.assess.safeguards import with_safeguards
from model_serving.review.assess.service_principals import other
from model_serving.review.plan.preview import Preview, Violation


class Verdict(StrEnum):
    """What the report comes to, with the exit status of the command that made it."""

    FINE = "fine"  # 0: nothing to do, or nothing that matters to anyone
    APPROVAL = "approval"  # 2: a person should say yes to it
    FAILED = "failed"  # 1: it can't be done, or a policy forbids it

    @property
    def exit_status(self) -> int:
        return {"fine": 0, "approval": 2, "failed": 1}[self.value]


@dataclass(frozen=True)
class Stamp:
    """What was reviewed, so that a reader sees when it is no longer what would be deployed. All of it may be empty."""

    base: str = ""
    head: str = ""
    run: str = ""
    """Where the full report lies: an address."""


@dataclass(frozen=True)
class Report:
    """All that is said of one stack's preview. Free of secrets; a renderer adds and decides nothing."""

    stack: str
    verdict: Verdict
    subjects: tuple[Subject, ...]
    """Changed, drifted or violating; worst first."""
    unchanged: int
    order: tuple[str, ...]
    """What approving will do, step by step; nothing where the preview did not get to the end."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    violations: tuple[Violation, ...]
    """Those that no subject holds."""
    packs: tuple[str, ...]
    digest: str
    """The same for two previews that would do the same; empty for one that can't be deployed."""
    stamp: Stamp = Stamp()

    @property
    def risk(self) -> Risk | None:
        return worst(subject.risk for subject in self.subjects if subject.risk)

    @property
    def refused(self) -> bool:
        return any(each.mandatory for each in self.all_violations)

    @property
    def all_violations(self) -> tuple[Violation, ...]:
        return (*(each for subject in self.subjects for each in subject.violations), *self.violations)

    @property
    def drifted(self) -> tuple[Subject, ...]:
        """What was changed or removed outside."""
        return tuple(each for each in self.subjects if each.gone or (each.drift and not each.unfinished))

    @property
    def half_arrived(self) -> tuple[Subject, ...]:
        """What an update that ended in an error has changed all the same."""
        return tuple(each for each in self.subjects if each.drift and each.unfinished and not each.gone)

    def count(self, action: Action, kind: str = "endpoint") -> int:
        return sum(subject.action is action and subject.kind == kind for subject in self.subjects)


Places = Callable[[str, str], str]
"""Where the stack files declare a thing of a kind, by its key."""


def report(preview: Preview, places: Places = lambda _kind, _key: "", stamp: Stamp | None = None) -> Report:
    """The report on a preview. `places` tells where each subject is declared."""
    names, fresh = known_principals(preview.steps), new_principals(preview.steps)
    held, loose = _violations(preview)
    groups = grouped(preview.steps)
    found = [
        replace(subject, violations=held.get((subject.kind, subject.key), ()), place=places(subject.kind, subject.key))
        for subject in with_renames([_subject(group, names, fresh) for group in groups])
    ]
    told = [
        subject
        for subject in found
        if subject.action is not Action.NONE or subject.drift or subject.gone or subject.violations
    ]
    return Report(
        stack=preview.stack,
        verdict=_verdict(preview, told),
        subjects=tuple(sorted(told, key=_severity)),
        unchanged=len(found) - len(told),
        order=() if _errors(preview) else in_order(preview.steps, groups),
        errors=_errors(preview),
        warnings=preview.warnings,
        violations=loose,
        packs=preview.packs,
        digest="" if _verdict(preview, told) is Verdict.FAILED else digest(preview.steps, told),
        stamp=stamp or Stamp(),
    )


def _subject(group: Group, names: Mapping[str, str], fresh: tuple[str, ...]) -> Subject:
    subject = endpoint(group, names, fresh) if group.kind == "endpoint" else other(group)
    subject = with_safeguards(subject, group)
    if subject.action is Action.NONE or subject.findings or subject.drift:
        return subject
    # Never silent: what the engine writes and the report can't tell is for a person to look at.
    why = "the engine finds it different, and nothing that may be shown differs"
    return replace(subject, findings=(Finding(Risk.BEHAVIOUR, "Written anew", why),))


def _violations(preview: Preview) -> tuple[dict[tuple[str, str], tuple[Violation, ...]], tuple[Violation, ...]]:
    """Violations by what they are about, and those that are about the stack, or something unknown."""
    held: dict[tuple[str, str], tuple[Violation, ...]] = {}
    known = {step.urn.text for step in preview.steps}
    for violation in preview.violations:
        if violation.urn in known:
            name = owner(violation.urn, preview.steps)
            held[name] = (*held.get(name, ()), violation)
    loose = tuple(each for each in preview.violations if each.urn not in known)
    return held, loose


def _verdict(preview: Preview, subjects: list[Subject]) -> Verdict:
    if preview.errors or not preview.complete or any(each.mandatory for each in preview.violations):
        return Verdict.FAILED
    risks = {subject.risk for subject in subjects} - {None, Risk.COSMETIC}
    advised = any(subject.violations and subject.action is not Action.NONE for subject in subjects)
    drifted = any(subject.drift or subject.gone for subject in subjects)
    return Verdict.APPROVAL if risks or advised or drifted else Verdict.FINE


_ECHOES = ("preview failed", "an unhandled error occurred: program exited with non-zero exit code")
"""What the engine adds to an error that it has told already."""
_CANCELLED = "context canceled"
"""How an answer ends that a refused run no longer waited for. Newer engines report as many as were under way."""


def _errors(preview: Preview) -> tuple[str, ...]:
    told = tuple(error for error in preview.errors if not error.startswith(_ECHOES) and not error.endswith(_CANCELLED))
    if told or any(violation.mandatory for violation in preview.violations):
        return told
    return preview.errors or (() if preview.complete else ("The preview ended before it was complete",))


def _severity(subject: Subject) -> tuple[int, int, str, str]:
    mandatory = any(each.mandatory for each in subject.violations)
    risk = ORDER.index(subject.risk) if subject.risk else len(ORDER)
    return (0 if mandatory else 1, risk, subject.kind, subject.key)
